// Response against epsilon: from the responses of units to one averaged curve a (span kind, layer), with
// error bars. Reads result structs only; the same responses give the same bits whatever order they come in.
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
  // epsilon / sqrt(d): the push's norm over the residual's; nothing where epsilon is a fraction of a way.
  std::optional<double> epsilon_relative = {};
  MeanEstimate kl = {};  // nats
  int64_t spans = 0;
  int64_t examples = 0;
  int64_t directions = 0;  // a span's
  // What kConfidence of the random directions beside supplied vectors lie within: quantiles over the directions of their means over the
  // spans. Nothing for other directions, which are not the same at every span.
  std::optional<double> null_low = {};
  std::optional<double> null_high = {};
};

// Whether curves of random directions beside supplied vectors know the range of the directions, which takes each one's KL at each span.
enum class NullRange { kNo, kYes };

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
  explicit CurveBuilder(NullRange null_range = NullRange::kNo) : null_range_(null_range) {}

  void add(const UnitKey& unit, std::span<const ResponseRecord> responses);

  // Sorted by span kind, layer, set of directions, epsilon. `d_model`: the width of the residual stream; nothing where epsilons are
  // fractions of a way and no sizes.
  [[nodiscard]] std::vector<CurvePoint> build(std::optional<int64_t> d_model) const;

 private:
  struct SpanMean {
    int64_t example = 0;
    int64_t chunk = 0;
    MeanEstimate over_directions = {};
    int64_t directions = 0;
    std::vector<double> null = {};  // each random direction's KL, where their range is asked for
  };
  using PointKey = std::tuple<std::string, int32_t, DirectionSet, double>;  // span kind, layer, set, epsilon
  static MeanEstimate average(const std::vector<SpanMean>& spans);
  static void set_null_range(const std::vector<SpanMean>& spans, CurvePoint& point);

  NullRange null_range_;
  std::map<PointKey, std::vector<SpanMean>> points_;
};

}  // namespace tugline
