#include "tugline/stats/distance.h"

#include <algorithm>
#include <tuple>

namespace tugline {
namespace {

// The responses' means over the given rows, and nothing else of them.
std::vector<ResponseRecord> means_over(const std::vector<size_t>& rows,
                                       std::span<const ResponseRecord> responses, size_t measure) {
  std::vector<ResponseRecord> means;
  for (const ResponseRecord& response : responses) {
    if (response.rows[measure].empty()) continue;
    ResponseRecord bare;
    bare.direction = response.direction;
    bare.epsilon = response.epsilon;
    bare.set = response.set;
    double sum = 0;
    for (const size_t row : rows) sum += response.rows[measure][row];
    bare.means[kKl] = sum / static_cast<double>(rows.size());
    means.push_back(std::move(bare));
  }
  return means;
}

}  // namespace

DistanceBuilder::Bin DistanceBuilder::bin_of(int64_t distance) const {
  if (bins_ == DistanceBins::kEach || distance <= 1) return {distance, distance};
  int64_t last = 2;
  while (last < distance) last *= 2;
  return {last / 2 + 1, last};
}

void DistanceBuilder::add(const UnitRecord& unit, std::span<const ResponseRecord> responses) {
  const bool needs_token = kMeasures[measure_].rows == RowsWithValue::kWithNextToken;
  std::map<Bin, std::vector<size_t>> rows;
  for (size_t row = 0; row < unit.measured.rows.size(); ++row) {
    if (needs_token && unit.measured.row_tokens[row] < 0) continue;
    rows[bin_of(unit.measured.rows[row] - unit.measured.position)].push_back(row);
  }
  for (const auto& [bin, of_bin] : rows)
    at_distance_[bin].add(unit.key, means_over(of_bin, responses, measure_));
}

std::vector<DistancePoint> DistanceBuilder::build(std::optional<int64_t> d_model) const {
  std::vector<DistancePoint> points;
  for (const auto& [bin, builder] : at_distance_)
    for (CurvePoint& point : builder.build(d_model))
      points.push_back({.distance = bin.first, .last_distance = bin.last, .point = std::move(point)});
  const auto key = [](const DistancePoint& p) {
    return std::tie(p.point.span_kind, p.point.layer, p.point.set, p.point.epsilon, p.distance);
  };
  std::sort(points.begin(), points.end(),
            [&](const DistancePoint& a, const DistancePoint& b) { return key(a) < key(b); });
  return points;
}

}  // namespace tugline
