// Sweeps and run stores.
#include "tugline/run.h"

#include <nanobind/nanobind.h>
#include <nanobind/stl/map.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include "arrays.h"
#include "calls.h"
#include "tugline/shards.h"

namespace tugline_python {
namespace {

using tugline::AnalysisSettings;
using tugline::DataSource;
using tugline::DoseSettings;
using tugline::LanguageModel;
using tugline::PlotSettings;
using tugline::Run;
using tugline::SweepSettings;

nb::dict tables_of(std::map<std::string, tugline::Table> tables) {
  nb::dict by_name;
  for (auto& [name, table] : tables) by_name[name.c_str()] = columns_of(std::move(table));
  return by_name;
}

// Without the GIL and without a way to stop it: what reads a store.
template <typename Work>
auto read(const Work& work) {
  Call call{nb::none(), nb::none()};
  return call.run([&](const tugline::Watch&) { return work(); });
}

void bind_settings(nb::module_& module) {
  nb::class_<DataSource>(module, "DataSource")
      .def(nb::init<>())
      .def_rw("path", &DataSource::path)
      .def_rw("text", &DataSource::text)
      .def_rw("fields", &DataSource::fields);
  nb::class_<SweepSettings>(module, "SweepSettings")
      .def(nb::init<>())
      .def_rw("push", &SweepSettings::push)
      .def_rw("spans", &SweepSettings::spans)
      .def_rw("bos", &SweepSettings::bos)
      .def_rw("max_examples", &SweepSettings::max_examples)
      .def_rw("node_tolerance", &SweepSettings::node_tolerance)
      .def_rw("keep_going", &SweepSettings::keep_going)
      .def_rw("shard", &SweepSettings::shard)
      .def_rw("shards", &SweepSettings::shards);
  nb::class_<AnalysisSettings>(module, "AnalysisSettings")
      .def(nb::init<>())
      .def_rw("epsilon", &AnalysisSettings::epsilon)
      .def_rw("threshold", &AnalysisSettings::threshold)
      .def_rw("small_epsilon", &AnalysisSettings::small_epsilon)
      .def_rw("resamples", &AnalysisSettings::resamples)
      .def_rw("seed", &AnalysisSettings::seed)
      .def_rw("measure", &AnalysisSettings::measure)
      .def_rw("spans", &AnalysisSettings::spans)
      .def_rw("layers", &AnalysisSettings::layers);
  nb::class_<DoseSettings>(module, "DoseSettings")
      .def(nb::init<>())
      .def_rw("kl", &DoseSettings::kl)
      .def_rw("statistic", &DoseSettings::statistic)
      .def_rw("by", &DoseSettings::by)
      .def_rw("resamples", &DoseSettings::resamples)
      .def_rw("seed", &DoseSettings::seed)
      .def_rw("tangents", &DoseSettings::tangents)
      .def_rw("refine", &DoseSettings::refine)
      .def_rw("pushes", &DoseSettings::pushes);
  nb::class_<PlotSettings>(module, "PlotSettings")
      .def(nb::init<>())
      .def_rw("kind", &PlotSettings::kind)
      .def_rw("spans", &PlotSettings::spans)
      .def_rw("layer", &PlotSettings::layer)
      .def_rw("epsilon", &PlotSettings::epsilon)
      .def_rw("metric", &PlotSettings::metric)
      .def_rw("measure", &PlotSettings::measure)
      .def_rw("example", &PlotSettings::example)
      .def_rw("scale", &PlotSettings::scale)
      .def_rw("style", &PlotSettings::style)
      .def_rw("title", &PlotSettings::title)
      .def_rw("width", &PlotSettings::width)
      .def_rw("caption", &PlotSettings::caption)
      .def_rw("kl", &PlotSettings::kl)
      .def_rw("statistic", &PlotSettings::statistic);
}

void bind_shards(nb::module_& module) {
  module.def(
      "forecast",
      [](const LanguageModel& model, const DataSource& data, const std::string& path,
         const SweepSettings& settings, nb::object warn) {
        Call call(std::move(warn), nb::none());
        const tugline::SweepForecast found = call.run([&](const tugline::Watch& watch) {
          return tugline::forecast(model, data, path, settings, watch);
        });
        return nb::make_tuple(found.spans, found.units, found.units_left, found.seconds);
      },
      nb::arg("model"), nb::arg("data"), nb::arg("path"), nb::arg("settings"), nb::arg("warn").none());
  module.def(
      "merge",
      [](const std::string& out, const std::vector<std::string>& stores, nb::object warn) {
        Call call(std::move(warn), nb::none());
        return call.run([&](const tugline::Watch& watch) {
          return tugline::merge(out, {stores.begin(), stores.end()}, watch);
        });
      },
      nb::arg("out"), nb::arg("stores"), nb::arg("warn").none());
  module.def("launched_part", [] {
    const tugline::RunPart part = guarded([] { return tugline::launched_part(); });
    return nb::make_tuple(part.shard, part.shards);
  });
  module.def("path_of_part", [](const std::string& path, int64_t shard, int64_t shards) {
    return guarded([&] { return tugline::path_of_part(path, {.shard = shard, .shards = shards}).string(); });
  });
}

}  // namespace

void bind_run(nb::module_& module) {
  bind_shards(module);
  bind_settings(module);
  nb::class_<Run>(module, "Run")
      .def_static("open", [](const std::string& path) { return read([&] { return Run::open(path); }); })
      .def("path", [](const Run& run) { return run.path().string(); })
      .def("identity", [](const Run& run) { return read([&] { return run.identity(); }); })
      .def("provenance", [](const Run& run) { return read([&] { return run.provenance(); }); })
      .def("summary", [](const Run& run) { return read([&] { return run.summary(); }); })
      .def("summary_json", [](const Run& run) { return read([&] { return run.summary_json(); }); })
      .def("table", [](const Run& run,
                       const std::string& name) { return columns_of(read([&] { return run.table(name); })); })
      .def("analyze",
           [](const Run& run, const AnalysisSettings& settings, const DataSource& data, bool keep,
              nb::object warn) {
             Call call(std::move(warn), nb::none());
             return tables_of(call.run([&](const tugline::Watch& watch) {
               return run.analyze(settings, data, keep ? Run::Keep::kYes : Run::Keep::kNo, watch);
             }));
           })
      .def(
          "dose",
          [](const Run& run, const DoseSettings& settings, const std::optional<LanguageModel>& model,
             const DataSource& data, nb::object warn, nb::object progress) {
            Call call(std::move(warn), std::move(progress));
            return tables_of(call.run([&](const tugline::Watch& watch) {
              return model ? run.dose(settings, *model, data, watch) : run.dose(settings, watch);
            }));
          },
          nb::arg("settings"), nb::arg("model").none(), nb::arg("data"), nb::arg("warn").none(),
          nb::arg("progress").none())
      .def(
          "verify",
          [](const Run& run, int64_t sample, uint64_t seed, const std::optional<LanguageModel>& model,
             const DataSource& data, nb::object warn, nb::object progress) {
            Call call(std::move(warn), std::move(progress));
            return tables_of(call.run([&](const tugline::Watch& watch) {
              return model ? run.verify({.sample = sample, .seed = seed}, *model, data, watch)
                           : run.verify(watch);
            }));
          },
          nb::arg("sample"), nb::arg("seed"), nb::arg("model").none(), nb::arg("data"),
          nb::arg("warn").none(), nb::arg("progress").none())
      .def(
          "rerun",
          [](const Run& run, const LanguageModel& model, const DataSource& data, const std::string& path,
             nb::object warn, nb::object progress) {
            Call call(std::move(warn), std::move(progress));
            return call.run([&](const tugline::Watch& watch) { return run.rerun(model, data, path, watch); });
          },
          nb::arg("model"), nb::arg("data"), nb::arg("path"), nb::arg("warn").none(),
          nb::arg("progress").none())
      .def("compare", [](const Run& run,
                         const Run& again) { return tables_of(read([&] { return run.compare(again); })); })
      .def("analysis", [](const Run& run) { return tables_of(read([&] { return run.analysis(); })); })
      .def("warnings", [](const Run& run) { return read([&] { return run.warnings(); }); })
      .def("figure",
           [](const Run& run, const PlotSettings& settings, const std::string& format) {
             const std::string bytes = read([&] { return run.figure(settings, format); });
             return nb::bytes(bytes.data(), bytes.size());
           })
      .def("save_report",
           [](const Run& run, const std::string& path, const DataSource& data, nb::object warn) {
             Call call(std::move(warn), nb::none());
             call.run([&](const tugline::Watch& watch) {
               run.save_report(path, {}, data, watch);
               return true;
             });
           })
      .def("save_figure", [](const Run& run, const std::string& path, const PlotSettings& settings) {
        read([&] {
          run.save_figure(path, settings);
          return true;
        });
      });
  module.def(
      "sweep",
      [](const LanguageModel& model, const DataSource& data, const std::string& path,
         const SweepSettings& settings, nb::object warn, nb::object progress) {
        Call call(std::move(warn), std::move(progress));
        return call.run(
            [&](const tugline::Watch& watch) { return tugline::sweep(model, data, path, settings, watch); });
      },
      nb::arg("model"), nb::arg("data"), nb::arg("path"), nb::arg("settings"), nb::arg("warn").none(),
      nb::arg("progress").none());
}

}  // namespace tugline_python
