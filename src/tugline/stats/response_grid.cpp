#include "tugline/stats/response_grid.h"

#include <algorithm>
#include <set>

namespace tugline {

UnitKey span_of(UnitKey unit) {
  unit.layer = 0;
  return unit;
}

std::vector<std::string> ResponseGrid::span_kinds() const {
  std::set<std::string> kinds;
  for (const GridSpan& span : spans) kinds.insert(span.key.span_kind);
  return {kinds.begin(), kinds.end()};
}

std::vector<double> ResponseGrid::mean_curve(const GridSpan& span) const {
  std::vector<double> mean(points(), 0.0);
  for (size_t direction = 0; direction < static_cast<size_t>(directions); ++direction) {
    for (size_t i = 0; i < mean.size(); ++i) mean[i] += span.kl[direction * mean.size() + i];
  }
  for (double& value : mean) value /= directions;
  return mean;
}

std::vector<double> ResponseGrid::over_directions(const GridSpan& span, size_t point) const {
  std::vector<double> values(static_cast<size_t>(directions));
  for (size_t direction = 0; direction < values.size(); ++direction) {
    values[direction] = span.kl[direction * points() + point];
  }
  return values;
}

void ResponseGridBuilder::add(const UnitRecord& unit, std::span<const ResponseRecord> responses) {
  Unit& entry = spans_[span_of(unit.key)][unit.key.layer];
  entry.tokens = unit.span;
  entry.position = unit.measured.position;
  entry.is_unmeasured_sink = unit.sink && responses.empty();
  for (const ResponseRecord& response : responses) {
    entry.kl[{response.direction, response.epsilon}] = response.kl();
  }
}

bool ResponseGridBuilder::fill(const std::map<int32_t, Unit>& layers, const ResponseGrid& grid,
                               GridSpan& span) const {
  const size_t pushes = static_cast<size_t>(grid.directions) * grid.epsilons.size();
  if (layers.size() != grid.layers.size()) return false;
  span.tokens = layers.begin()->second.tokens;
  span.position = layers.begin()->second.position;
  span.kl.resize(grid.points() * static_cast<size_t>(grid.directions));
  for (size_t layer = 0; layer < grid.layers.size(); ++layer) {
    const Unit& unit = layers.at(grid.layers[layer]);
    if (unit.kl.size() != pushes) return false;
    size_t i = 0;  // the map's order is the grid's: by direction, then epsilon
    for (const auto& [push, kl] : unit.kl) {
      span.kl[i / grid.epsilons.size() * grid.points() + grid.point(layer, i % grid.epsilons.size())] = kl;
      ++i;
    }
  }
  return true;
}

ResponseGrid ResponseGridBuilder::build() const {
  std::set<int32_t> layers;
  std::set<double> epsilons;
  std::set<int32_t> directions;
  for (const auto& [key, units] : spans_) {
    for (const auto& [layer, unit] : units) {
      layers.insert(layer);
      for (const auto& [push, kl] : unit.kl) {
        directions.insert(push.first);
        epsilons.insert(push.second);
      }
    }
  }
  ResponseGrid grid{.layers = {layers.begin(), layers.end()},
                    .epsilons = {epsilons.begin(), epsilons.end()},
                    .directions = static_cast<int32_t>(directions.size())};
  for (const auto& [key, units] : spans_) {
    GridSpan span{.key = key};
    const bool at_sink = std::any_of(units.begin(), units.end(),
                                     [](const auto& unit) { return unit.second.is_unmeasured_sink; });
    if (at_sink) {
      grid.at_sinks.push_back(key);
    } else if (fill(units, grid, span)) {
      grid.spans.push_back(std::move(span));
    } else {
      grid.incomplete.push_back(key);
    }
  }
  return grid;
}

}  // namespace tugline
