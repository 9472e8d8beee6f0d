// Builds curves of response against epsilon from the responses of units: one averaged curve for each (span
// kind, layer), with error bars. The same responses give the same bits in any order.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <tuple>
#include <vector>

#include "tugline/stats/intervals.h"
#include "tugline/store/records.h"

namespace tugline {

struct CurvePoint {
  std::string span_kind;
  int32_t layer = 0;
  DirectionSet set = DirectionSet::kMain;
  double epsilon = 0;
  // epsilon / sqrt(d): the push's norm divided by the residual's; no value if epsilon is a fraction
  // (interpolations).
  std::optional<double> epsilon_relative = {};
  MeanEstimate kl = {};  // nats
  int64_t spans = 0;
  int64_t examples = 0;
  int64_t directions = 0;  // of the span that has the fewest
  // The range that holds kConfidence of the random directions beside supplied vectors: quantiles, over the
  // directions, of their means over the spans. No value for other directions, because they differ from span
  // to span.
  std::optional<double> null_low = {};
  std::optional<double> null_high = {};
};

// Whether curves of random directions beside supplied vectors have the directions' range, which needs each
// one's KL at each span.
enum class NullRange { kNo, kYes };

// Collects units one by one, so that a large run need not be in memory at once.
//
// A point's KL is the mean over directions within each span, then the mean of those span means, so each span
// has the same weight. Its standard error measures how the estimate would differ
//   with two examples or more: on other examples (clusters of spans, because the spans of one text depend on
//   each other); with one example and two spans or more: on other spans of that text, if they are
//   independent; with one span: on other directions at that span.
// With one span and one direction there is no standard error.
class CurveBuilder {
 public:
  explicit CurveBuilder(NullRange null_range = NullRange::kNo) : null_range_(null_range) {}

  void add(const UnitKey& unit, std::span<const ResponseRecord> responses);

  // Sorted by span kind, layer, set of directions, epsilon. `d_model` is the width of the residual stream; no
  // value if epsilons are fractions (interpolations).
  [[nodiscard]] std::vector<CurvePoint> build(std::optional<int64_t> d_model) const;

 private:
  struct SpanMean {
    int64_t example = 0;
    int64_t chunk = 0;
    MeanEstimate over_directions = {};
    int64_t directions = 0;
    std::vector<double> null = {};  // each random direction's KL, if their range is requested
  };
  using PointKey = std::tuple<std::string, int32_t, DirectionSet, double>;  // span kind, layer, set, epsilon
  static MeanEstimate average(const std::vector<SpanMean>& spans);
  static void set_null_range(const std::vector<SpanMean>& spans, CurvePoint& point);

  NullRange null_range_;
  std::map<PointKey, std::vector<SpanMean>> points_;
};

}  // namespace tugline
