// Estimates how much of the responses' variance is between examples, between the spans of an example, and
// between the directions at a span: nested random effects by the analysis of variance, balanced or not.
// docs/statistics.md.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace tugline {

// The responses to the directions at one span, at one layer and epsilon.
struct SpanResponses {
  int64_t example = 0;
  std::vector<double> values = {};  // one for each direction; not empty
};

// Estimates by the method of moments. They are unbiased, so an estimate may be below 0 if the true value is
// about 0. A component is absent if the design cannot tell it: examples if there is only one; spans if no
// example has two; directions if no span has two. An absent component is part of the next larger one that is
// present.
struct VarianceComponents {
  std::optional<double> examples = {};
  std::optional<double> spans = {};
  std::optional<double> directions = {};
  // The design, for the error of the mean in which each span has the same weight (standard_error_for).
  int64_t span_count = 0;
  double example_weight = 0;  // sum over examples of (their spans / all spans)^2
};

// Model x = mean + example + span + direction. Mean squares equated to their expectations (Searle, Casella &
// McCulloch, Variance components, 1992; Sahai & Ojeda, Analysis of variance for random models II, 2005).
// `spans` must be sorted by example; values are summed in the order given.
[[nodiscard]] VarianceComponents variance_components(std::span<const SpanResponses> spans);

// The standard error that the mean over those spans would have with `directions` directions at each, from the
// components. Estimates below 0 count as 0. `of_directions` is the part that more directions would remove.
struct PredictedError {
  double standard_error = 0;
  double of_directions = 0;
};
[[nodiscard]] PredictedError standard_error_for(const VarianceComponents& components, int64_t directions);

// The directions' error of the same mean, measured without a model: cuts the directions, in their order, into
// disjoint groups of `directions`, and returns the standard deviation of the groups' means. No value if there
// are fewer than two groups. Every span must have the same number of directions.
[[nodiscard]] std::optional<double> measured_direction_error(std::span<const SpanResponses> spans,
                                                             int64_t directions);

}  // namespace tugline
