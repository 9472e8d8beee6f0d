// Divides a sweep's spans into shards, which are measured separately, on one machine or several, and merged
// afterwards (store/merge). The division depends on the plan alone, and not on the machine or on what is
// already measured.
#pragma once

#include "tugline/model/config.h"
#include "tugline/probe/sweep.h"
#include "tugline/store/records.h"

namespace tugline {

// Returns the plan with only the spans of one shard. All layers of a span stay together, because they share
// its trace and base distributions. A shard has neighbouring spans, so that few examples' baselines are
// computed twice. The borders minimise the FLOPs (probe/cost) of the costliest shard. Every example stays in
// the plan, with its reason if it is skipped. If there are more shards than spans, some shards are empty.
// Requires 1 <= number <= count.
[[nodiscard]] SweepPlan plan_of_shard(const ModelConfig& config, const SweepPlan& plan,
                                      const SweepOptions& options, const Shard& shard);

}  // namespace tugline
