// tugline._tugline: the public headers of the library, one to one. What a user sees is in python/tugline,
// which checks arguments and knows pandas, notebooks and progress bars.
#include <nanobind/nanobind.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include "arrays.h"
#include "calls.h"
#include "tugline/divergence.h"
#include "tugline/language_model.h"

namespace tugline_python {

void bind_model(nb::module_& module);
void bind_run(nb::module_& module);
void bind_vectors(nb::module_& module);

namespace {

using Divergence = std::vector<double> (*)(std::span<const double>, std::span<const double>, int64_t, double);

nb::object divergences(Divergence divergence, const Doubles& a, const Doubles& b, int64_t vocabulary,
                       double temperature) {
  Call call{nb::none(), nb::none()};
  return array_of(call.run(
      [&](const tugline::Watch&) { return divergence(span_of(a), span_of(b), vocabulary, temperature); }));
}

}  // namespace

NB_MODULE(_tugline, module) {
  bind_model(module);
  bind_run(module);
  bind_vectors(module);
  module.def("kl", [](const Doubles& p, const Doubles& q, int64_t vocabulary, double temperature) {
    return divergences(tugline::kl, p, q, vocabulary, temperature);
  });
  module.def("kl_of_difference",
             [](const Doubles& delta, const Doubles& base, int64_t vocabulary, double temperature) {
               return divergences(tugline::kl_of_difference, delta, base, vocabulary, temperature);
             });
  module.attr("__version__") = std::string(tugline::version());
}

}  // namespace tugline_python
