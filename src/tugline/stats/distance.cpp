#include "tugline/stats/distance.h"

#include <algorithm>
#include <tuple>

namespace tugline {

void DistanceBuilder::add(const UnitRecord& unit, std::span<const ResponseRecord> responses) {
  std::vector<ResponseRecord> of_row;
  for (const ResponseRecord& response : responses) {
    ResponseRecord bare;
    bare.direction = response.direction;
    bare.epsilon = response.epsilon;
    bare.set = response.set;
    of_row.push_back(std::move(bare));
  }
  for (size_t row = 0; row < unit.measured.rows.size(); ++row) {
    for (size_t i = 0; i < of_row.size(); ++i) {
      of_row[i].means[kKl] = responses[i].rows[kKl][row];
    }
    at_distance_[unit.measured.rows[row] - unit.measured.position].add(unit.key, of_row);
  }
}

std::vector<DistancePoint> DistanceBuilder::build(std::optional<int64_t> d_model) const {
  std::vector<DistancePoint> points;
  for (const auto& [distance, builder] : at_distance_) {
    for (CurvePoint& point : builder.build(d_model)) {
      points.push_back({.distance = distance, .point = std::move(point)});
    }
  }
  const auto key = [](const DistancePoint& p) {
    return std::tie(p.point.span_kind, p.point.layer, p.point.set, p.point.epsilon, p.distance);
  };
  std::sort(points.begin(), points.end(),
            [&](const DistancePoint& a, const DistancePoint& b) { return key(a) < key(b); });
  return points;
}

}  // namespace tugline
