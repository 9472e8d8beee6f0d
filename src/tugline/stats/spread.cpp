#include "tugline/stats/spread.h"

#include <algorithm>
#include <cmath>
#include <numeric>
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

double mean_of(const std::vector<SpanResponses>& spans) {
  double sum = 0;
  for (const SpanResponses& span : spans)
    sum += std::accumulate(span.values.begin(), span.values.end(), 0.0) /
           static_cast<double>(span.values.size());
  return sum / static_cast<double>(spans.size());
}

// The fewest directions whose error, which falls as the root of their number, is at most `percent`.
int64_t needed_for(double percent, double error_of_one_percent) {
  const double ratio = error_of_one_percent / percent;
  constexpr double kMost = 1e15;      // of a number that a double and an int64_t both hold
  constexpr double kRounding = 1e-9;  // 8 and a rounding error are 8
  return std::max<int64_t>(1,
                           static_cast<int64_t>(std::ceil(std::min(ratio * ratio * (1 - kRounding), kMost))));
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
                        .mean = mean_of(responses),
                        .predicted = standard_error_for(components, directions),
                        .measured = measured_direction_error(responses, directions)});
    }
  });
  return points;
}

std::vector<DirectionsNeeded> directions_needed(const ResponseGrid& grid) {
  std::vector<DirectionsNeeded> all;
  for_each_point(grid, [&](const std::string& kind, int32_t layer, double epsilon, const auto& responses) {
    DirectionsNeeded needed{
        .span_kind = kind, .layer = layer, .epsilon = epsilon, .directions = grid.directions};
    const VarianceComponents components = variance_components(responses);
    const double mean = mean_of(responses);
    if (components.directions && mean > 0 && grid.measure.is_divergence) {
      const auto percent = [&](double error) { return 100 * error / mean; };
      const double one = percent(standard_error_for(components, 1).of_directions);
      const double one_of_span = percent(std::sqrt(std::max(0.0, *components.directions)));
      const double root = std::sqrt(static_cast<double>(grid.directions));
      needed.error_percent = one / root;
      needed.for_5_percent = needed_for(5, one);
      needed.for_2_percent = needed_for(2, one);
      needed.span_error_percent = one_of_span / root;
      needed.span_for_5_percent = needed_for(5, one_of_span);
      needed.span_for_2_percent = needed_for(2, one_of_span);
      needed.all_error_percent = percent(standard_error_for(components, grid.directions).standard_error);
    }
    all.push_back(std::move(needed));
  });
  return all;
}

}  // namespace tugline
