#include "tugline/stats/span_measures.h"

#include <cmath>

#include "tugline/stats/analysis_options.h"

namespace tugline {
namespace {

SpanMeasures measures_of(const ResponseGrid& grid, const GridSpan& span, size_t layer,
                         std::span<const double> curve, const MeasureOptions& options) {
  SpanMeasures measures{.unit = span.key, .tokens = span.tokens, .kl = curve[options.epsilon]};
  measures.unit.layer = grid.layers[layer];
  measures.anisotropy = anisotropy(grid.over_directions(span, grid.point(layer, options.epsilon)));
  if (!grid.measure.is_quadratic) return measures;
  measures.threshold = threshold_crossing(grid.epsilons, curve, options.threshold);
  if (options.fitter->is_determined()) {
    measures.fit = options.fitter->fit(curve);
    measures.plateau = plateau_end(grid.epsilons, curve, *measures.fit, kPlateauTolerance);
  }
  return measures;
}

std::optional<double> kl(const SpanMeasures& m) { return m.kl; }
std::optional<double> abs_a(const SpanMeasures& m) {
  return m.fit ? std::optional(std::abs(m.fit->a)) : std::nullopt;
}
std::optional<double> threshold_epsilon(const SpanMeasures& m) {
  return m.threshold ? m.threshold->value() : std::nullopt;
}
std::optional<double> plateau_width(const SpanMeasures& m) {
  return m.plateau ? m.plateau->value() : std::nullopt;
}
std::optional<double> max_over_min(const SpanMeasures& m) { return m.anisotropy.max_over_min; }
std::optional<double> coefficient_of_variation(const SpanMeasures& m) {
  return m.anisotropy.coefficient_of_variation;
}

}  // namespace

const std::array<SpanMeasure, 6>& span_measures() {
  static constexpr std::array<SpanMeasure, 6> kSpanMeasures{
      {{"kl", kl},
       {"abs_a", abs_a},
       {"threshold_epsilon", threshold_epsilon},
       {"plateau_width", plateau_width},
       {"max_over_min", max_over_min},
       {"coefficient_of_variation", coefficient_of_variation}}};
  return kSpanMeasures;
}

std::vector<SpanMeasures> measure_spans(const ResponseGrid& grid, const MeasureOptions& options) {
  std::vector<SpanMeasures> all;
  for (const GridSpan& span : grid.spans) {
    const std::vector<double> curves = grid.mean_curve(span);
    for (size_t layer = 0; layer < grid.layers.size(); ++layer) {
      const auto curve = std::span(curves).subspan(grid.point(layer, 0), grid.epsilons.size());
      all.push_back(measures_of(grid, span, layer, curve, options));
    }
  }
  return all;
}

}  // namespace tugline
