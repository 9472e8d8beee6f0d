// Vectors of a dataset's sentences.
#include "tugline/vectors.h"

#include <nanobind/nanobind.h>
#include <nanobind/stl/map.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include "arrays.h"
#include "calls.h"

namespace tugline_python {
namespace {

using tugline::Vectors;
using tugline::VectorSettings;

// {kind: {layer: (array [n, width], what its rows belong to)}}; the arrays show the object's memory and keep
// it
nb::dict kinds_of(const Vectors& vectors) {
  nb::dict kinds;
  for (const auto& [kind, by_layer] : vectors.by_kind) {
    nb::dict layers;
    for (const auto& [layer, array] : by_layer) {
      const auto rows = static_cast<size_t>(array.rows);
      layers[nb::int_(layer)] = nb::make_tuple(
          view_of(array.values, {rows, array.values.size() / rows}, nb::find(vectors)), array.belong_to);
    }
    kinds[kind.c_str()] = layers;
  }
  return kinds;
}

}  // namespace

void bind_vectors(nb::module_& module) {
  nb::class_<VectorSettings>(module, "VectorSettings")
      .def(nb::init<>())
      .def_rw("layers", &VectorSettings::layers)
      .def_rw("hook", &VectorSettings::hook)
      .def_rw("head", &VectorSettings::head)
      .def_rw("kinds", &VectorSettings::kinds)
      .def_rw("metric", &VectorSettings::metric)
      .def_rw("threshold", &VectorSettings::threshold)
      .def_rw("centred", &VectorSettings::centred)
      .def_rw("bos", &VectorSettings::bos)
      .def_rw("max_examples", &VectorSettings::max_examples);
  nb::class_<Vectors>(module, "Vectors")
      .def("kinds", kinds_of)
      .def("metadata", [](const Vectors& vectors) { return vectors.metadata; })
      .def("save_file",
           [](const Vectors& vectors, const std::string& path) { guarded([&] { vectors.save(path); }); });
  module.def(
      "vectors",
      [](const tugline::LanguageModel& model, const tugline::DataSource& data, const VectorSettings& settings,
         nb::object warn) {
        Call call(std::move(warn), nb::none());
        return call.run(
            [&](const tugline::Watch& watch) { return tugline::vectors(model, data, settings, watch); });
      },
      nb::arg("model"), nb::arg("data"), nb::arg("settings"), nb::arg("warn").none());
}

}  // namespace tugline_python
