#include "tugline/stats/tangent.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "tugline/stats/fieller.h"
#include "tugline/stats/intervals.h"

namespace tugline {
namespace {

// Unbiased estimates of (tr F)^2 and tr F^2 at one span, both divided by d.
struct Traces {
  double square_of_trace = 0;
  double trace_of_square = 0;
};

// With m = tr F / d and V = 2 (tr F^2 - (tr F)^2 / d) / (d (d + 2)), the mean and the variance of v'Fv.
Traces traces_of(std::span<const double> values, int64_t dimensions) {
  const auto n = static_cast<double>(values.size());
  const auto d = static_cast<double>(dimensions);
  const MeanEstimate mean = mean_of_independent(values);
  const double of_mean = *mean.standard_error * *mean.standard_error;  // s^2 / n
  const double square = mean.mean * mean.mean - of_mean;               // unbiased for m^2
  return {.square_of_trace = d * square, .trace_of_square = (d + 2) / 2 * n * of_mean + square};
}

// Delete-one jackknife over the directions of one span, on the logarithm, which keeps the interval above 0.
void set_interval_over_directions(std::span<const double> values, int64_t dimensions, EffectiveRank& rank) {
  if (values.size() < 3 || !rank.rank) return;
  std::vector<double> logs;
  for (size_t out = 0; out < values.size(); ++out) {
    std::vector<double> rest(values.begin(), values.end());
    rest.erase(rest.begin() + static_cast<std::ptrdiff_t>(out));
    const Traces traces = traces_of(rest, dimensions);
    if (traces.square_of_trace <= 0 || traces.trace_of_square <= 0) return;
    logs.push_back(std::log(traces.square_of_trace / traces.trace_of_square));
  }
  const MeanEstimate mean = mean_of_independent(logs);
  // The standard error of n leave-one-out estimates is (n - 1) times that of their mean.
  const auto freedom = static_cast<double>(values.size() - 1);
  const double width = student_t_quantile((1 + kConfidence) / 2, freedom) * freedom * *mean.standard_error;
  rank.low = *rank.rank * std::exp(-width);
  rank.high = *rank.rank * std::exp(width);
}

}  // namespace

bool has_tangent(std::span<const double> epsilons) {
  return std::any_of(epsilons.begin(), epsilons.end(), [](double epsilon) {
    return epsilon != 0 && std::abs(epsilon) <= kLargestTangentEpsilon;
  });
}

Tangent tangent_of(const ResponseCurve& curve, double target, DoseSide side, const Dose& dose) {
  Tangent tangent{.curvature = curve.curvature(), .radius = quadratic_radius(curve, kTangentTolerance, side)};
  if (const auto error = curve.relative_error(0)) tangent.curvature_error = tangent.curvature * *error;
  tangent.predicted = std::sqrt(2 * target / tangent.curvature);
  if (dose.place != Dose::Place::kBeyond)
    tangent.measured_over_predicted = std::abs(dose.epsilon) / tangent.predicted;
  return tangent;
}

EffectiveRank effective_rank(std::span<const SpanCurvatures> spans, int64_t dimensions) {
  EffectiveRank rank{.spans = std::ssize(spans)};
  if (spans.empty()) return rank;
  std::vector<ClusteredValue> squares;
  std::vector<ClusteredValue> traces;
  rank.directions = std::ssize(spans.front().values);
  for (const SpanCurvatures& span : spans) {
    rank.directions = std::min(rank.directions, std::ssize(span.values));
    const Traces found = traces_of(span.values, dimensions);
    squares.push_back({.cluster = span.example, .value = found.square_of_trace});
    traces.push_back({.cluster = span.example, .value = found.trace_of_square});
  }
  const double numerator = mean_over_spans(squares).mean;
  const double denominator = mean_over_spans(traces).mean;
  if (numerator <= 0 || denominator <= 0) return rank;
  rank.rank = numerator / denominator;
  if (spans.size() == 1) {
    set_interval_over_directions(spans.front().values, dimensions, rank);
  } else {
    const PercentileInterval interval = ratio_interval(squares, traces);
    rank.low = interval.low;
    rank.high = interval.high;
  }
  if (rank.high) rank.high = std::min(*rank.high, static_cast<double>(dimensions));
  if (rank.low) rank.low = std::max(*rank.low, 1.0);
  return rank;
}

}  // namespace tugline
