#include "tugline/stats/metric_correlations.h"

#include <algorithm>
#include <set>

#include "tugline/stats/correlation.h"

namespace tugline {
namespace {

// The two sides, one value a span, sorted by example.
struct Sides {
  std::vector<double> measure = {};
  std::vector<double> metric = {};
  std::vector<int64_t> examples = {};
};

using UnitsOfLayer = std::vector<const SpanMeasures*>;

Sides sides_of(const UnitsOfLayer& units, const SpanMeasure& measure, const ChunkMetric& metric) {
  Sides sides;
  for (const SpanMeasures* unit : units) {
    const std::optional<double> of_chunk = value_at(metric, unit->unit);
    const std::optional<double> value = measure.value(*unit);
    if (!of_chunk || !value) continue;
    sides.measure.push_back(*value);
    sides.metric.push_back(*of_chunk);
    sides.examples.push_back(unit->unit.example);
  }
  return sides;
}

// Maps to [0, 1]; false where all values are the same.
bool normalise(std::vector<double>& values) {
  const auto [low, high] = std::minmax_element(values.begin(), values.end());
  const double least = *low;
  const double range = *high - *low;
  if (!(range > 0)) return false;
  for (double& value : values) value = (value - least) / range;
  return true;
}

// Leaves out examples that have one value only, or the same everywhere: they have no scale of their own.
Sides within_examples(const Sides& sides) {
  Sides scaled;
  for (size_t begin = 0; begin < sides.examples.size();) {
    size_t end = begin;
    while (end < sides.examples.size() && sides.examples[end] == sides.examples[begin]) ++end;
    const auto part = [&](const std::vector<double>& values) {
      return std::vector<double>(values.begin() + static_cast<ptrdiff_t>(begin),
                                 values.begin() + static_cast<ptrdiff_t>(end));
    };
    std::vector<double> measure = part(sides.measure);
    std::vector<double> metric = part(sides.metric);
    if (normalise(measure) && normalise(metric)) {
      scaled.measure.insert(scaled.measure.end(), measure.begin(), measure.end());
      scaled.metric.insert(scaled.metric.end(), metric.begin(), metric.end());
      scaled.examples.insert(scaled.examples.end(), end - begin, sides.examples[begin]);
    }
    begin = end;
  }
  return scaled;
}

CorrelationTest test(const std::vector<double>& x, const std::vector<double>& y, const Sides& sides,
                     const PermutationOptions& options) {
  return {.coefficient = pearson(x, y),
          .p_value = permutation_p_value(x, y, sides.examples, options, "permutation"),
          .q_value = std::nullopt};
}

MetricCorrelation correlate(const Sides& sides, const PermutationOptions& options) {
  MetricCorrelation found;
  found.spans = static_cast<int64_t>(sides.examples.size());
  found.examples = static_cast<int64_t>(std::set(sides.examples.begin(), sides.examples.end()).size());
  found.pearson = test(sides.measure, sides.metric, sides, options);
  found.spearman = test(average_ranks(sides.measure), average_ranks(sides.metric), sides, options);
  return found;
}

void adjust(std::span<MetricCorrelation> family, CorrelationTest MetricCorrelation::*member) {
  std::vector<double> p_values;
  for (const MetricCorrelation& correlation : family) {
    if ((correlation.*member).p_value) p_values.push_back(*(correlation.*member).p_value);
  }
  const std::vector<double> q_values = benjamini_hochberg(p_values);
  size_t next = 0;
  for (MetricCorrelation& correlation : family) {
    if ((correlation.*member).p_value) (correlation.*member).q_value = q_values[next++];
  }
}

// By span kind, then layer; only spans that are a chunk.
std::map<std::string, std::map<int32_t, UnitsOfLayer>> by_kind_and_layer(
    const std::vector<SpanMeasures>& measures) {
  std::map<std::string, std::map<int32_t, UnitsOfLayer>> kinds;
  for (const SpanMeasures& unit : measures) {
    if (is_its_chunk(unit.unit)) kinds[unit.unit.span_kind][unit.unit.layer].push_back(&unit);
  }
  return kinds;
}

// One measure in one scaling, over layers and metrics: what is adjusted together.
std::vector<MetricCorrelation> family_of(const std::map<int32_t, UnitsOfLayer>& layers,
                                         const SpanMeasure& measure, MetricScaling scaling,
                                         const std::vector<ChunkMetric>& metrics,
                                         const PermutationOptions& options) {
  std::vector<MetricCorrelation> family;
  for (const auto& [layer, units] : layers) {
    for (const ChunkMetric& metric : metrics) {
      const Sides sides = sides_of(units, measure, metric);
      MetricCorrelation found =
          correlate(scaling == MetricScaling::kPooled ? sides : within_examples(sides), options);
      found.span_kind = units.front()->unit.span_kind;
      found.measure = measure.name;
      found.metric = metric.name;
      found.scaling = scaling;
      found.layer = layer;
      family.push_back(std::move(found));
    }
  }
  adjust(family, &MetricCorrelation::pearson);
  adjust(family, &MetricCorrelation::spearman);
  return family;
}

}  // namespace

bool is_its_chunk(const UnitKey& unit) {
  return unit.chunk >= 0 && unit.span_kind != "control_window" &&
         !unit.span_kind.starts_with("control_offset");
}

std::optional<double> value_at(const ChunkMetric& metric, const UnitKey& unit) {
  const auto found = metric.values.find({unit.example, unit.chunk});
  return is_its_chunk(unit) && found != metric.values.end() ? std::optional(found->second) : std::nullopt;
}

std::string_view name_of(MetricScaling scaling) {
  return scaling == MetricScaling::kPooled ? "pooled" : "within_example";
}

std::vector<MetricCorrelation> metric_correlations(const std::vector<SpanMeasures>& measures,
                                                   const std::vector<ChunkMetric>& metrics,
                                                   const PermutationOptions& options) {
  std::vector<MetricCorrelation> all;
  if (metrics.empty()) return all;
  for (const auto& [kind, layers] : by_kind_and_layer(measures)) {
    for (const SpanMeasure& measure : span_measures()) {
      for (const MetricScaling scaling : {MetricScaling::kPooled, MetricScaling::kWithinExample}) {
        for (MetricCorrelation& found : family_of(layers, measure, scaling, metrics, options))
          all.push_back(std::move(found));
      }
    }
  }
  return all;
}

}  // namespace tugline
