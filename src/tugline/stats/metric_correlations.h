// Correlates every measure of a span with every per-chunk metric of the dataset, layer by layer.
// docs/statistics.md.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tugline/stats/permutation_test.h"
#include "tugline/stats/span_measures.h"

namespace tugline {

// A per-chunk metric of the dataset; chunks without a value are not in it.
struct ChunkMetric {
  std::string name = {};
  std::map<std::pair<int64_t, int64_t>, double> values;  // by (example, chunk)
};

// Whether a span is the chunk that its key names. A random window is not a chunk, and a moved push is not at
// its chunk.
[[nodiscard]] bool is_its_chunk(const UnitKey& unit);

// The metric of the span's chunk; no value if the span is not a chunk, or its chunk has no value.
[[nodiscard]] std::optional<double> value_at(const ChunkMetric& metric, const UnitKey& unit);

enum class MetricScaling {
  kPooled,         // values as they are, over all examples
  kWithinExample,  // both sides mapped to [0, 1] within each example: (v - min) / (max - min)
};
[[nodiscard]] std::string_view name_of(MetricScaling scaling);

struct CorrelationTest {
  std::optional<double> coefficient = {};  // absent if a side is constant, or there are fewer than two spans
  std::optional<double> p_value = {};      // by permutation within examples
  std::optional<double> q_value =
      {};  // Benjamini-Hochberg over the layers and metrics of the same measure and scaling
};

struct MetricCorrelation {
  std::string span_kind = {};
  std::string measure = {};  // SpanMeasure::name
  std::string metric = {};
  MetricScaling scaling = MetricScaling::kPooled;
  int32_t layer = 0;
  CorrelationTest pearson = {};
  CorrelationTest spearman = {};
  int64_t spans = 0;  // that have both the measure and the metric
  int64_t examples = 0;
};

// `measures` must be sorted as measure_spans returns them. Only spans that are chunks take part. The result
// is sorted by span kind, measure (in the order of span_measures), scaling, layer, metric (in the order
// given).
[[nodiscard]] std::vector<MetricCorrelation> metric_correlations(const std::vector<SpanMeasures>& measures,
                                                                 const std::vector<ChunkMetric>& metrics,
                                                                 const PermutationOptions& options);

}  // namespace tugline
