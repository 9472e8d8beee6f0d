#include "tugline/stats/spread.h"

#include <set>

namespace tugline {
namespace {

constexpr int64_t kBeyond = 4;  // times the run's directions: how far predictions go

std::vector<SpanResponses> responses_at(const ResponseGrid& grid, const std::string& kind, size_t point) {
  std::vector<SpanResponses> spans;
  for (const GridSpan& span : grid.spans) {
    if (span.key.span_kind == kind)
      spans.push_back({.example = span.key.example, .values = grid.over_directions(span, point)});
  }
  return spans;
}

std::set<int64_t> numbers_of_directions(int64_t measured) {
  std::set<int64_t> numbers{measured};
  for (int64_t n = 1; n <= kBeyond * measured; n *= 2) numbers.insert(n);
  return numbers;
}

// Calls visit(span kind, layer, epsilon, responses) for each point, in order.
template <typename Visit>
void for_each_point(const ResponseGrid& grid, Visit visit) {
  for (const std::string& kind : grid.span_kinds()) {
    for (size_t layer = 0; layer < grid.layers.size(); ++layer) {
      for (size_t epsilon = 0; epsilon < grid.epsilons.size(); ++epsilon) {
        visit(kind, grid.layers[layer], grid.epsilons[epsilon],
              responses_at(grid, kind, grid.point(layer, epsilon)));
      }
    }
  }
}

}  // namespace

std::vector<SpreadPoint> spread_points(const ResponseGrid& grid) {
  std::vector<SpreadPoint> points;
  for_each_point(grid, [&](const std::string& kind, int32_t layer, double epsilon, const auto& responses) {
    points.push_back({.span_kind = kind,
                      .layer = layer,
                      .epsilon = epsilon,
                      .components = variance_components(responses)});
  });
  return points;
}

std::vector<DirectionErrorPoint> direction_errors(const ResponseGrid& grid) {
  std::vector<DirectionErrorPoint> points;
  if (grid.directions < 2) return points;
  for_each_point(grid, [&](const std::string& kind, int32_t layer, double epsilon, const auto& responses) {
    const VarianceComponents components = variance_components(responses);
    for (const int64_t directions : numbers_of_directions(grid.directions)) {
      points.push_back({.span_kind = kind,
                        .layer = layer,
                        .epsilon = epsilon,
                        .directions = directions,
                        .predicted = standard_error_for(components, directions),
                        .measured = measured_direction_error(responses, directions)});
    }
  });
  return points;
}

}  // namespace tugline
