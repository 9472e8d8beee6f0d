// Deals a sweep's spans to shards that are measured apart, on whatever machines, and merged afterwards (store/merge). The deal follows
// from the plan alone: not from the machine, nor from what is done already.
#pragma once

#include "tugline/model/config.h"
#include "tugline/probe/sweep.h"
#include "tugline/store/records.h"

namespace tugline {

// The plan with the spans of one shard only: all layers of a span stay together, since they share its trace and base distributions, and
// shards are runs of neighbouring spans, so that few examples' baselines are computed twice. Their borders are such that the costliest
// shard costs the least FLOPs (probe/cost) that it can. Every example stays, with its reason where it is skipped. A shard holds nothing where
// there are more shards than spans. The shard must be one: 1 <= number <= count.
[[nodiscard]] SweepPlan plan_of_shard(const ModelConfig& config, const SweepPlan& plan,
                                      const SweepOptions& options, const Shard& shard);

}  // namespace tugline
