// Models, transcripts, traces and responses.
#include <nanobind/nanobind.h>
#include <nanobind/stl/map.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include "arrays.h"
#include "calls.h"
#include "tugline/language_model.h"

namespace tugline_python {
namespace {

using tugline::LanguageModel;
using tugline::PushSettings;
using tugline::Responses;
using tugline::Trace;
using tugline::Transcript;
using tugline::VectorArray;

nb::object pieces_of(const std::vector<std::string>& pieces) {
  nb::list bytes;
  for (const std::string& piece : pieces) bytes.append(nb::bytes(piece.data(), piece.size()));
  return bytes;
}

// (ids, begins, ends, pieces)
nb::tuple tuple_of(const tugline::Tokens& tokens) {
  return nb::make_tuple(array_of(tokens.ids), array_of(tokens.begins), array_of(tokens.ends),
                        pieces_of(tokens.pieces));
}

nb::dict info_of(const LanguageModel& model) {
  const tugline::ModelInfo& info = model.info();
  nb::dict facts;
  facts["name"] = info.name;
  facts["path"] = info.path;
  facts["architecture"] = info.architecture;
  facts["fingerprint"] = info.fingerprint;
  facts["precision"] = info.precision;
  facts["layers"] = info.layers;
  facts["d_model"] = info.d_model;
  facts["vocabulary"] = info.vocabulary;
  facts["heads"] = info.heads;
  facts["head_dim"] = info.head_dim;
  facts["max_positions"] = info.max_positions;
  return facts;
}

nb::object logits_of(const LanguageModel& model, const Ids& ids, nb::object warn) {
  Call call(std::move(warn), nb::none());
  std::vector<int32_t> run = vector_of(ids);
  std::vector<float> logits = call.run([&](const tugline::Watch& watch) { return model.logits(run, watch); });
  return array_of(std::move(logits), {run.size(), static_cast<size_t>(model.info().vocabulary)});
}

nb::dict residuals_of(const LanguageModel& model, const Ids& ids, const std::vector<int64_t>& layers,
                      const std::string& hook, std::optional<int64_t> head, nb::object warn) {
  Call call(std::move(warn), nb::none());
  const std::vector<int32_t> run = vector_of(ids);
  auto residuals =
      call.run([&](const tugline::Watch& watch) { return model.residuals(run, layers, hook, head, watch); });
  nb::dict arrays;
  for (auto& [layer, values] : residuals) {
    const size_t width = values.size() / run.size();
    arrays[nb::int_(layer)] = array_of(std::move(values), {run.size(), width});
  }
  return arrays;
}

// `tensors`: {name: (dtype, shape, address, bytes)}. `owner` is kept as long as the model; it is let go with
// the GIL held.
LanguageModel load_memory(const std::string& name, const std::string& folder, const nb::dict& tensors,
                          nb::object owner, const tugline::ModelOptions& options, nb::object warn) {
  tugline::MemoryModel memory{.name = name, .folder = folder};
  for (const auto& [key, value] : tensors) {
    const auto [dtype, shape, address, bytes] =
        nb::cast<std::tuple<std::string, std::vector<int64_t>, uintptr_t, int64_t>>(value);
    memory.tensors.push_back({.name = nb::cast<std::string>(key),
                              .dtype = dtype,
                              .shape = shape,
                              .data = reinterpret_cast<const void*>(address),
                              .bytes = bytes});
  }
  memory.owner = std::shared_ptr<const void>(new nb::object(std::move(owner)), [](const void* kept) {
    const nb::gil_scoped_acquire gil;
    delete static_cast<const nb::object*>(kept);
  });
  Call call(std::move(warn), nb::none());
  return call.run([&](const tugline::Watch& watch) { return LanguageModel::load(memory, options, watch); });
}

LanguageModel load(const std::string& model, const tugline::ModelOptions& options, nb::object warn,
                   nb::object fetched) {
  Call call(std::move(warn), nb::none());
  call.tell_fetched(std::move(fetched));
  return call.run([&](const tugline::Watch& watch) { return LanguageModel::load(model, options, watch); });
}

using Vectors = nb::ndarray<const double, nb::ndim<2>, nb::c_contig, nb::device::cpu>;

VectorArray vectors_of(const Vectors& array, std::string belong_to = {}) {
  return {.values = {array.data(), array.data() + array.size()},
          .rows = static_cast<int64_t>(array.shape(0)),
          .belong_to = std::move(belong_to)};
}

void bind_settings(nb::module_& module) {
  nb::class_<PushSettings>(module, "PushSettings")
      .def(nb::init<>())
      .def_rw("layers", &PushSettings::layers)
      .def_rw("hook", &PushSettings::hook)
      .def_rw("head", &PushSettings::head)
      .def_rw("at", &PushSettings::at)
      .def_rw("epsilons", &PushSettings::epsilons)
      .def_rw("push", &PushSettings::push)
      .def_rw("directions", &PushSettings::directions)
      .def_rw("direction_family", &PushSettings::direction_family)
      .def_rw("direction_sharing", &PushSettings::direction_sharing)
      .def_rw("seed", &PushSettings::seed)
      .def_rw("direction_file", &PushSettings::direction_file)
      .def_rw("null_directions", &PushSettings::null_directions)
      .def_rw("orthogonal_to", &PushSettings::orthogonal_to)
      .def_rw("readout", &PushSettings::readout)
      .def_rw("temperature", &PushSettings::temperature)
      .def_rw("vocabulary", &PushSettings::vocabulary)
      .def_rw("audit", &PushSettings::audit)
      .def_rw("answers", &PushSettings::answers)
      .def_rw("moved_tokens", &PushSettings::moved_tokens)
      .def_rw("memory_limit", &PushSettings::memory_limit)
      .def_rw("batch_rows", &PushSettings::batch_rows)
      .def("set_vectors", [](PushSettings& s, const Vectors& a) { s.vectors = vectors_of(a); })
      .def_rw("vectors_origin", &PushSettings::vectors_origin)
      .def("set_vectors_of_layer",
           [](PushSettings& s, int64_t layer, const Vectors& a, const std::string& belong_to) {
             s.vectors_by_layer[layer] = vectors_of(a, belong_to);
           })
      .def("set_orthogonal_vectors",
           [](PushSettings& s, const Vectors& a) { s.orthogonal_vectors = vectors_of(a); });
  nb::class_<tugline::HubOptions>(module, "HubOptions")
      .def(nb::init<>())
      .def_rw("revision", &tugline::HubOptions::revision)
      .def_rw("token", &tugline::HubOptions::token)
      .def_rw("cache", &tugline::HubOptions::cache)
      .def_rw("local_files_only", &tugline::HubOptions::local_files_only);
  nb::class_<tugline::ModelOptions>(module, "ModelOptions")
      .def(nb::init<>())
      .def_rw("precision", &tugline::ModelOptions::precision)
      .def_rw("threads", &tugline::ModelOptions::threads)
      .def_rw("hub", &tugline::ModelOptions::hub);
}

std::vector<size_t> shape_of(const Responses& responses) {
  return {responses.layers().size(), static_cast<size_t>(responses.directions()),
          responses.epsilons().size()};
}

nb::list layers_of(const Responses& responses) {
  nb::list layers;
  for (const tugline::PushedLayer& pushed : responses.layers()) {
    nb::dict facts;
    facts["layer"] = pushed.layer;
    facts["position"] = pushed.position;
    facts["rms"] = pushed.rms;
    facts["is_sink"] = pushed.is_sink;
    facts["note"] = pushed.note;
    facts["seconds"] = pushed.seconds;
    facts["audited"] = pushed.audited;
    facts["audit_disagreements"] = nb::cast(pushed.audit_disagreements);
    layers.append(facts);
  }
  return layers;
}

void bind_responses(nb::module_& module) {
  nb::class_<Responses>(module, "Responses")
      .def("layers", layers_of)
      .def("epsilons", [](const Responses& r) { return array_of(r.epsilons()); })
      .def("directions", &Responses::directions)
      .def("null_directions", &Responses::null_directions)
      .def("rows", [](const Responses& r) { return array_of(r.rows()); })
      .def("tokens", [](const Responses& r) { return array_of(r.tokens()); })
      .def("measures", &Responses::measures)
      .def("push_measures", &Responses::push_measures)
      .def("provenance", &Responses::provenance)
      .def("values",
           [](const Responses& r, const std::string& measure) {
             std::vector<size_t> shape = shape_of(r);
             shape.push_back(r.rows().size());
             return guarded([&] { return view_of(r.values(measure), shape, r); });
           })
      .def("means", [](const Responses& r, const std::string& measure) {
        return guarded([&] { return view_of(r.means(measure), shape_of(r), r); });
      });
}

}  // namespace

void bind_model(nb::module_& module) {
  bind_settings(module);
  bind_responses(module);
  nb::class_<Trace>(module, "Trace")
      .def_prop_ro("begin", &Trace::begin)
      .def_prop_ro("end", &Trace::end)
      .def(
          "tug",
          [](const Trace& trace, const PushSettings& settings, nb::object warn, nb::object progress) {
            Call call(std::move(warn), std::move(progress));
            return call.run([&](const tugline::Watch& watch) { return trace.tug(settings, watch); });
          },
          nb::arg("settings"), nb::arg("warn").none(), nb::arg("progress").none());
  nb::class_<Transcript>(module, "Transcript")
      .def("text", &Transcript::text)
      .def("tokens", [](const Transcript& transcript) { return tuple_of(transcript.tokens()); })
      .def("anchor",
           [](const Transcript& transcript, nb::object warn) {
             Call call(std::move(warn), nb::none());
             return call.run([&](const tugline::Watch& watch) { return transcript.anchor(watch); });
           })
      .def(
          "tug_sentences",
          [](const Transcript& transcript, const PushSettings& settings, nb::object warn,
             nb::object progress) {
            Call call(std::move(warn), std::move(progress));
            const auto sentences = call.run(
                [&](const tugline::Watch& watch) { return transcript.tug_sentences(settings, watch); });
            nb::list list;
            for (const tugline::SentenceResponses& s : sentences)
              list.append(nb::make_tuple(s.sentence, s.text, s.begin, s.end, s.response, s.responses));
            return list;
          },
          nb::arg("settings"), nb::arg("warn").none(), nb::arg("progress").none())
      .def("trace_sentence",
           [](const Transcript& t, const std::string& sentence) {
             return guarded([&] { return t.trace(sentence); });
           })
      .def("trace_span", [](const Transcript& t, int64_t begin, int64_t end) {
        return guarded([&] { return t.trace(begin, end); });
      });
  nb::class_<LanguageModel>(module, "LanguageModel")
      .def_static("load", load, nb::arg("model"), nb::arg("options"), nb::arg("warn").none(),
                  nb::arg("fetched").none())
      .def_static("load_memory", load_memory)
      .def("info", info_of)
      .def("tokenize",
           [](const LanguageModel& model, const std::string& text, const std::string& bos, nb::object warn) {
             Call call(std::move(warn), nb::none());
             return tuple_of(
                 call.run([&](const tugline::Watch& watch) { return model.tokenize(text, bos, watch); }));
           })
      .def("decode", [](const LanguageModel& model,
                        const Ids& ids) { return guarded([&] { return model.decode(vector_of(ids)); }); })
      .def("logits", logits_of)
      .def("residuals", residuals_of)
      .def("transcript",
           [](const LanguageModel& model, const std::string& text, const std::string& bos, nb::object warn) {
             Call call(std::move(warn), nb::none());
             return call.run([&](const tugline::Watch& watch) { return model.transcript(text, bos, watch); });
           })
      .def("transcript_of_example",
           [](const LanguageModel& model, const tugline::DataSource& data, int64_t example,
              const std::string& bos, nb::object warn) {
             Call call(std::move(warn), nb::none());
             return call.run([&](const tugline::Watch& watch) {
               return model.transcript_of_example(data, example, bos, watch);
             });
           })
      .def("transcript_of_ids", [](const LanguageModel& model, const Ids& ids) {
        return guarded([&] { return model.transcript_of_ids(vector_of(ids)); });
      });
}

}  // namespace tugline_python
