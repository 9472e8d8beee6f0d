// The response as a function of the distance from the push: how many tokens a readout row is after the pushed token. Each distance has the
// estimator of stats/curves.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <vector>

#include "tugline/stats/curves.h"
#include "tugline/store/records.h"

namespace tugline {

struct DistancePoint {
  int64_t distance = 0;  // readout row minus pushed position, in tokens
  CurvePoint point = {};
};

// Collects units one by one. A point is about the spans that have a row at its distance. If texts and spans differ in length, there are
// fewer of them at larger distances.
class DistanceBuilder {
 public:
  // `unit` needs its key, position and rows; each of `responses` has one value per row.
  void add(const UnitRecord& unit, std::span<const ResponseRecord> responses);

  // Sorted by span kind, layer, set of directions, epsilon, distance. `d_model` as for CurveBuilder.
  [[nodiscard]] std::vector<DistancePoint> build(std::optional<int64_t> d_model) const;

 private:
  std::map<int64_t, CurveBuilder> at_distance_;
};

}  // namespace tugline
