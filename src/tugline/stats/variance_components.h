// How much of the responses' variance is between examples, between the spans of an example, and between the directions
// at a span: nested random effects by the analysis of variance, balanced or not. docs/statistics.md.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace tugline {

// The responses to the directions at one span, at one layer and epsilon.
struct SpanResponses {
  int64_t example = 0;
  std::vector<double> values = {};  // one a direction; not empty
};

// Estimates as the method of moments gives them: unbiased, and so below 0 at times where the truth is about 0. Absent
// where the design does not tell: examples with one example; spans where no example has two; directions where no span
// has two. What is absent is in the next larger component that is there.
struct VarianceComponents {
  std::optional<double> examples = {};
  std::optional<double> spans = {};
  std::optional<double> directions = {};
  // For the error of the mean that weighs each span the same (standard_error_for): how many there were.
  int64_t span_count = 0;
  double example_weight = 0;  // sum over examples of (their spans / all spans)^2
};

// Model x = mean + example + span + direction. Mean squares equated to their expectations (Searle, Casella & McCulloch,
// Variance components, 1992; Sahai & Ojeda, Analysis of variance for random models II, 2005). `spans` must be sorted by
// example; values are summed in the order given.
[[nodiscard]] VarianceComponents variance_components(std::span<const SpanResponses> spans);

// Standard error that the mean over those spans would have with `directions` directions at each, from the components;
// what is estimated below 0 counts as 0. `of_directions`: the part that more directions would remove.
struct PredictedError {
  double standard_error = 0;
  double of_directions = 0;
};
[[nodiscard]] PredictedError standard_error_for(const VarianceComponents& components, int64_t directions);

// The directions' error of the same mean as measured, without a model: the directions are cut into as many disjoint
// groups of `directions` as there are, in their order, and the standard deviation of the groups' means is taken. Absent
// where there are fewer than two groups. Every span must have as many directions.
[[nodiscard]] std::optional<double> measured_direction_error(std::span<const SpanResponses> spans,
                                                             int64_t directions);

}  // namespace tugline
