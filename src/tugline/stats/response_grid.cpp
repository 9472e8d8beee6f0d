#include "tugline/stats/response_grid.h"

#include <algorithm>
#include <set>

namespace tugline {
namespace {

// Epsilons or directions, and the layers that have each at some span.
template <typename Value>
class Values {
 public:
  void add(Value value, int32_t layer) {
    layers_of_[value].insert(layer);
    layers_.insert(layer);
  }
  [[nodiscard]] bool empty() const { return layers_of_.empty(); }
  [[nodiscard]] std::vector<Value> at_every_layer() const { return where(true); }
  [[nodiscard]] std::vector<Value> at_some_layers() const { return where(false); }

 private:
  [[nodiscard]] std::vector<Value> where(bool at_every_layer) const {
    std::vector<Value> values;
    for (const auto& [value, layers] : layers_of_)
      if ((layers.size() == layers_.size()) == at_every_layer) values.push_back(value);
    return values;
  }

  std::map<Value, std::set<int32_t>> layers_of_;
  std::set<int32_t> layers_;
};

}  // namespace

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
    for (size_t i = 0; i < mean.size(); ++i) mean[i] += span.values[direction * mean.size() + i];
  }
  for (double& value : mean) value /= directions;
  return mean;
}

std::vector<double> ResponseGrid::over_directions(const GridSpan& span, size_t point) const {
  std::vector<double> values(static_cast<size_t>(directions));
  for (size_t direction = 0; direction < values.size(); ++direction) {
    values[direction] = span.values[direction * points() + point];
  }
  return values;
}

void ResponseGridBuilder::add(const UnitRecord& unit, std::span<const ResponseRecord> responses) {
  Unit& entry = spans_[span_of(unit.key)][unit.key.layer];
  entry.tokens = unit.span;
  entry.position = unit.measured.position;
  entry.is_unmeasured_sink = unit.sink && responses.empty();
  entry.rows = unit.measured.rows.size();
  for (const ResponseRecord& response : responses)
    if (const auto value = measure_.value(response, entry.rows))
      entry.values[{response.direction, response.epsilon}] = *value;
  entry.lacks_measure = entry.values.empty() && !responses.empty();
}

void ResponseGridBuilder::append(ResponseGridBuilder other) {
  for (auto& [span, layers] : other.spans_) spans_[span].merge(layers);
}

bool ResponseGridBuilder::fill(const std::map<int32_t, Unit>& layers, const std::vector<int32_t>& numbers,
                               const ResponseGrid& grid, GridSpan& span) const {
  if (layers.size() != grid.layers.size()) return false;
  span.tokens = layers.begin()->second.tokens;
  span.position = layers.begin()->second.position;
  span.rows = layers.begin()->second.rows;
  for (const auto& [layer, unit] : layers) span.rows = std::min(span.rows, unit.rows);
  span.values.resize(grid.points() * static_cast<size_t>(grid.directions));
  for (size_t layer = 0; layer < grid.layers.size(); ++layer) {
    const Unit& unit = layers.at(grid.layers[layer]);
    for (size_t d = 0; d < numbers.size(); ++d)
      for (size_t e = 0; e < grid.epsilons.size(); ++e) {
        const auto found = unit.values.find({numbers[d], grid.epsilons[e]});
        if (found == unit.values.end()) return false;
        span.values[d * grid.points() + grid.point(layer, e)] = found->second;
      }
  }
  return true;
}

ResponseGrid ResponseGridBuilder::build() const {
  std::set<int32_t> layers;
  Values<double> epsilons;
  Values<int32_t> directions;
  for (const auto& [key, units] : spans_) {
    for (const auto& [layer, unit] : units) {
      layers.insert(layer);
      const int32_t* last = nullptr;
      for (const auto& [push, value] : unit.values) {
        if (last == nullptr || *last != push.first) directions.add(push.first, layer);
        last = &push.first;
        epsilons.add(push.second, layer);
      }
    }
  }
  const std::vector<int32_t> numbers = directions.at_every_layer();
  ResponseGrid grid{.measure = measure_,
                    .layers = {layers.begin(), layers.end()},
                    .epsilons = epsilons.at_every_layer(),
                    .directions = static_cast<int32_t>(numbers.size()),
                    .direction_numbers = numbers,
                    .epsilons_left_out = epsilons.at_some_layers(),
                    .directions_left_out = static_cast<int32_t>(directions.at_some_layers().size())};
  const bool has_common_pushes = epsilons.empty() || (!grid.epsilons.empty() && grid.directions > 0);
  for (const auto& [key, units] : spans_) {
    GridSpan span{.key = key};
    const bool at_sink = std::any_of(units.begin(), units.end(),
                                     [](const auto& unit) { return unit.second.is_unmeasured_sink; });
    const bool lacks_measure =
        std::any_of(units.begin(), units.end(), [](const auto& unit) { return unit.second.lacks_measure; });
    if (lacks_measure) {
      grid.without_measure.push_back(key);
    } else if (at_sink) {
      grid.at_sinks.push_back(key);
    } else if (has_common_pushes && fill(units, numbers, grid, span)) {
      grid.spans.push_back(std::move(span));
    } else {
      grid.incomplete.push_back(key);
    }
  }
  return grid;
}

}  // namespace tugline
