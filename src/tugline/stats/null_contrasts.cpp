#include "tugline/stats/null_contrasts.h"

#include <algorithm>
#include <array>
#include <map>
#include <numeric>

#include "tugline/stats/quantile.h"

namespace tugline {
namespace {

// The same span in both grids.
struct SpanPair {
  const GridSpan* vectors = nullptr;
  const GridSpan* null = nullptr;
};

std::map<std::string, std::vector<SpanPair>> pairs_by_kind(const ResponseGrid& vectors,
                                                           const ResponseGrid& null) {
  std::map<UnitKey, const GridSpan*> of_null;
  for (const GridSpan& span : null.spans) of_null[span.key] = &span;
  std::map<std::string, std::vector<SpanPair>> kinds;
  for (const GridSpan& span : vectors.spans)
    if (const auto found = of_null.find(span.key); found != of_null.end())
      kinds[span.key.span_kind].push_back({&span, found->second});
  return kinds;
}

double mean(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

// Each random direction's mean over the spans.
std::vector<double> null_means(const ResponseGrid& null, const std::vector<SpanPair>& pairs, size_t point) {
  std::vector<double> means(static_cast<size_t>(null.directions), 0.0);
  for (const SpanPair& pair : pairs) {
    const std::vector<double> values = null.over_directions(*pair.null, point);
    for (size_t i = 0; i < means.size(); ++i) means[i] += values[i] / static_cast<double>(pairs.size());
  }
  return means;
}

void add_at(const ResponseGrid& vectors, const ResponseGrid& null, const std::vector<SpanPair>& pairs,
            size_t point, std::vector<NullContrast>& contrasts) {
  constexpr double kTail = (1 - kConfidence) / 2;
  const std::vector<double> means = null_means(null, pairs, point);
  const std::vector<double> ends = quantiles(means, std::array<double, 2>{kTail, 1 - kTail});
  for (int32_t direction = 0; direction < vectors.directions; ++direction) {
    NullContrast contrast{.span_kind = pairs.front().vectors->key.span_kind,
                          .layer = vectors.layers[point / vectors.epsilons.size()],
                          .epsilon = vectors.epsilons[point % vectors.epsilons.size()],
                          .direction = direction,
                          .null_kl = mean(means),
                          .null_low = ends[0],
                          .null_high = ends[1],
                          .null_directions = null.directions,
                          .spans = static_cast<int64_t>(pairs.size())};
    std::vector<ClusteredValue> differences;
    for (const SpanPair& pair : pairs) {
      const double kl = vectors.over_directions(*pair.vectors, point)[static_cast<size_t>(direction)];
      contrast.kl += kl / static_cast<double>(pairs.size());
      differences.push_back({.cluster = pair.vectors->key.example,
                             .value = kl - mean(null.over_directions(*pair.null, point))});
    }
    contrast.difference = mean_over_spans(differences);
    contrast.null_as_large =
        std::count_if(means.begin(), means.end(), [&](double value) { return value >= contrast.kl; });
    contrast.null_as_small =
        std::count_if(means.begin(), means.end(), [&](double value) { return value <= contrast.kl; });
    const int64_t beyond = std::min(contrast.null_as_large, contrast.null_as_small);
    contrast.p_value =
        std::min(1.0, 2 * static_cast<double>(1 + beyond) / static_cast<double>(1 + null.directions));
    contrasts.push_back(std::move(contrast));
  }
}

}  // namespace

std::vector<NullContrast> null_contrasts(const ResponseGrid& vectors, const ResponseGrid& null) {
  std::vector<NullContrast> contrasts;
  if (null.directions == 0) return contrasts;
  for (const auto& [kind, pairs] : pairs_by_kind(vectors, null))
    for (size_t point = 0; point < vectors.points(); ++point) add_at(vectors, null, pairs, point, contrasts);
  return contrasts;
}

}  // namespace tugline
