// Numbers that describe one span at one layer, from its curve (the mean over directions) and from its
// directions. Correlations and scatter plots use them. docs/statistics.md.
#pragma once

#include <array>
#include <optional>
#include <string_view>
#include <vector>

#include "tugline/stats/anisotropy.h"
#include "tugline/stats/curve_shape.h"
#include "tugline/stats/quadratic_fit.h"
#include "tugline/stats/response_grid.h"

namespace tugline {

struct SpanMeasures {
  UnitKey unit = {};
  TokenRange tokens = {};
  double kl = 0;                      // the measure, at the chosen epsilon
  std::optional<Quadratic> fit = {};  // absent if too few epsilons are in its range
  std::optional<Crossing> threshold =
      {};  // the epsilon at which it passes the threshold; absent as `fit` may be
  std::optional<Crossing> plateau = {};  // the epsilon at which KL leaves the fit; absent without a fit
  Anisotropy anisotropy = {};            // at the chosen epsilon
};

// A number that correlations and figures refer to by name.
struct SpanMeasure {
  std::string_view name = {};
  std::optional<double> (*value)(const SpanMeasures&);
};

// kl, abs_a, threshold_epsilon, plateau_width, max_over_min, coefficient_of_variation.
[[nodiscard]] const std::array<SpanMeasure, 6>& span_measures();

struct MeasureOptions {
  const QuadraticFitter* fitter = nullptr;
  size_t epsilon = 0;    // index of the chosen epsilon in the grid
  double threshold = 0;  // nats
};

// One for each complete span and layer, sorted by span, then layer.
[[nodiscard]] std::vector<SpanMeasures> measure_spans(const ResponseGrid& grid,
                                                      const MeasureOptions& options);

}  // namespace tugline
