// Response against epsilon: from the responses of units to one averaged curve a (span kind, layer), with
// error bars. Reads result structs only; the same responses give the same bits whatever order they come in.
#pragma once

#include <cstdint>
#include <map>
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
  double epsilon_relative = 0;  // epsilon / sqrt(d): the push's norm over the residual's
  MeanEstimate kl = {};         // nats
  int64_t spans = 0;
  int64_t examples = 0;
  int64_t directions = 0;  // a span's
};

// Collects units one by one, so that a large run need not be in memory at once.
//
// A point's KL is the mean over directions within each span, then the mean of those span means: each span
// weighs the same. Its standard error measures how the estimate would differ
//   with two examples or more:   on other examples (clusters of spans: spans of one text are not
//   independent); with one example, two spans or more:   on other spans of that text, taken as independent;
//   with one span:   on other directions at that span.
// One span and one direction have no standard error.
class CurveBuilder {
 public:
  void add(const UnitKey& unit, std::span<const ResponseRecord> responses);

  // Sorted by span kind, layer, set of directions, epsilon. `d_model`: the width of the residual stream.
  [[nodiscard]] std::vector<CurvePoint> build(int64_t d_model) const;

 private:
  struct SpanMean {
    int64_t example = 0;
    int64_t chunk = 0;
    MeanEstimate over_directions = {};
    int64_t directions = 0;
  };
  using PointKey = std::tuple<std::string, int32_t, DirectionSet, double>;  // span kind, layer, set, epsilon
  static MeanEstimate average(const std::vector<SpanMean>& spans);

  std::map<PointKey, std::vector<SpanMean>> points_;
};

}  // namespace tugline
