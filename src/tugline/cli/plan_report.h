// What `sweep --dry-run` prints: the plan as a page or as one JSON object (docs/formats.md).
#pragma once

#include <optional>
#include <string>

#include "tugline/probe/plan.h"

namespace tugline {

// Of a sweep with --shard.
struct ShardPart {
  Shard shard;
  int64_t units_of_run = 0;
  double share_of_flops = 0;  // of the whole run's, whatever is done already
};

struct PlanReport {
  std::string model;
  int64_t examples = 0;
  int64_t examples_skipped = 0;
  int64_t spans = 0;
  int64_t layers = 0;
  int64_t batch_rows = 0;
  std::optional<ShardPart> part = {};
  SweepCost cost;  // of the part
  int threads = 0;
  Precision precision = Precision::kF32;  // that pushes are computed in here
  double product_speed = 0;               // FLOP/s in it
  // Of it that the store's units reached; nothing where there are none.
  std::optional<double> share = {};
  double seconds = 0;  // that the sweep takes at that share, or at least where it is not known
};

[[nodiscard]] std::string plan_text(const PlanReport& report);
[[nodiscard]] std::string plan_json(const PlanReport& report);

}  // namespace tugline
