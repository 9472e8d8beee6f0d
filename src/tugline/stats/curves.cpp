#include "tugline/stats/curves.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "tugline/stats/quantile.h"

namespace tugline {
namespace {

using Curve = std::pair<DirectionSet, double>;  // and epsilon: what is averaged over

// KLs in the order of their directions: sums must not depend on the order of the records.
std::map<Curve, std::vector<double>> by_set_and_epsilon(std::span<const ResponseRecord> responses) {
  std::map<Curve, std::vector<std::pair<int32_t, double>>> found;
  for (const ResponseRecord& response : responses) {
    found[{response.set, response.epsilon}].emplace_back(response.direction, response.kl());
  }
  std::map<Curve, std::vector<double>> sorted;
  for (auto& [point, pairs] : found) {
    std::sort(pairs.begin(), pairs.end());
    for (const auto& [direction, kl] : pairs) {
      sorted[point].push_back(kl);
    }
  }
  return sorted;
}

}  // namespace

void CurveBuilder::add(const UnitKey& unit, std::span<const ResponseRecord> responses) {
  for (const auto& [point, kls] : by_set_and_epsilon(responses)) {
    const bool keeps_null = null_range_ == NullRange::kYes && point.first == DirectionSet::kNull;
    points_[{unit.span_kind, unit.layer, point.first, point.second}].push_back(
        {.example = unit.example,
         .chunk = unit.chunk,
         .over_directions = mean_of_independent(kls),
         .directions = static_cast<int64_t>(kls.size()),
         .null = keeps_null ? kls : std::vector<double>()});
  }
}

MeanEstimate CurveBuilder::average(const std::vector<SpanMean>& spans) {
  if (spans.size() == 1) {
    return spans.front().over_directions;
  }
  std::vector<ClusteredValue> means;
  for (const SpanMean& span : spans) {
    means.push_back({.cluster = span.example, .value = span.over_directions.mean});
  }
  return mean_over_spans(means);
}

void CurveBuilder::set_null_range(const std::vector<SpanMean>& spans, CurvePoint& point) {
  constexpr double kTail = (1 - kConfidence) / 2;
  std::vector<double> means(spans.front().null.size(), 0.0);
  for (const SpanMean& span : spans) {
    if (span.null.size() != means.size()) return;
    for (size_t i = 0; i < means.size(); ++i) means[i] += span.null[i] / static_cast<double>(spans.size());
  }
  if (means.empty()) return;
  const std::vector<double> ends = quantiles(means, std::array<double, 2>{kTail, 1 - kTail});
  point.null_low = ends[0];
  point.null_high = ends[1];
}

std::vector<CurvePoint> CurveBuilder::build(std::optional<int64_t> d_model) const {
  std::vector<CurvePoint> curve;
  for (const auto& [key, unsorted] : points_) {
    std::vector<SpanMean> spans = unsorted;
    std::sort(spans.begin(), spans.end(), [](const SpanMean& a, const SpanMean& b) {
      return std::pair(a.example, a.chunk) < std::pair(b.example, b.chunk);
    });
    CurvePoint point{.span_kind = std::get<0>(key),
                     .layer = std::get<1>(key),
                     .set = std::get<2>(key),
                     .epsilon = std::get<3>(key)};
    if (d_model) point.epsilon_relative = point.epsilon / std::sqrt(static_cast<double>(*d_model));
    point.kl = average(spans);
    set_null_range(spans, point);
    point.spans = static_cast<int64_t>(spans.size());
    for (size_t i = 0; i < spans.size(); ++i) {
      point.examples += i == 0 || spans[i].example != spans[i - 1].example ? 1 : 0;
      point.directions = i == 0 ? spans[i].directions : std::min(point.directions, spans[i].directions);
    }
    curve.push_back(std::move(point));
  }
  return curve;
}

}  // namespace tugline
