#include "tugline/probe/shard.h"

#include <cassert>

#include "tugline/probe/plan.h"

namespace tugline {
namespace {

// What a span costs, in FLOPs.
struct SpanCost {
  size_t example = 0;   // index in the plan
  double span = 0;      // its pushes at all layers, and what those share
  double baseline = 0;  // of its example: once for each shard that has a span of it
};

SpanCost cost_of_span(const ModelConfig& config, const PlannedExample& planned, const Span& span,
                      const SweepOptions& options) {
  PlannedExample alone = planned;
  alone.spans = {span};
  const SweepCost cost = cost_of(config, {.examples = {std::move(alone)}}, options, no_parts);
  return {.span = cost.push_work.total() + cost.span_work.total(),
          .baseline = baseline_work(config, static_cast<int64_t>(planned.ids.size())).total()};
}

// In the plan's order.
std::vector<SpanCost> span_costs(const ModelConfig& config, const SweepPlan& plan,
                                 const SweepOptions& options) {
  std::vector<SpanCost> costs;
  for (size_t i = 0; i < plan.examples.size(); ++i)
    for (const Span& span : plan.examples[i].spans) {
      costs.push_back(cost_of_span(config, plan.examples[i], span, options));
      costs.back().example = i;
    }
  return costs;
}

// The shard of each span, from 0. Spans are added to a shard until it would cost more than `limit`.
std::vector<int64_t> fill_shards(const std::vector<SpanCost>& costs, double limit) {
  std::vector<int64_t> shards;
  double load = 0;
  for (size_t i = 0; i < costs.size(); ++i) {
    const bool has_baseline = i > 0 && costs[i - 1].example == costs[i].example;
    const double alone = costs[i].span + costs[i].baseline;
    const double more = has_baseline ? costs[i].span : alone;
    const bool is_full = i > 0 && load + more > limit;
    load = is_full ? alone : load + more;
    shards.push_back(i == 0 ? 0 : shards.back() + (is_full ? 1 : 0));
  }
  return shards;
}

// The least limit, to a few parts in 10^12, at which `count` shards hold all spans, found by halving: a
// larger one never needs more.
std::vector<int64_t> deal(const std::vector<SpanCost>& costs, int64_t count) {
  constexpr int kHalvings = 40;
  double low = 0;
  double high = 0;
  for (const SpanCost& cost : costs) high += cost.span + cost.baseline;
  std::vector<int64_t> best = fill_shards(costs, high);
  for (int i = 0; i < kHalvings; ++i) {
    const double middle = (low + high) / 2;
    std::vector<int64_t> shards = fill_shards(costs, middle);
    if (!shards.empty() && shards.back() >= count) {
      low = middle;
    } else {
      high = middle;
      best = std::move(shards);
    }
  }
  return best;
}

}  // namespace

SweepPlan plan_of_shard(const ModelConfig& config, const SweepPlan& plan, const SweepOptions& options,
                        const Shard& shard) {
  assert(shard.number >= 1 && shard.number <= shard.count);
  const std::vector<int64_t> shards = deal(span_costs(config, plan, options), shard.count);
  SweepPlan part = plan;
  auto dealt = shards.begin();
  for (size_t i = 0; i < plan.examples.size(); ++i) {
    part.examples[i].spans.clear();
    for (const Span& span : plan.examples[i].spans)
      if (*dealt++ == shard.number - 1) part.examples[i].spans.push_back(span);
  }
  return part;
}

}  // namespace tugline
