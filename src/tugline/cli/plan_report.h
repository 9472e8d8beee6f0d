// Prints the plan of `sweep --dry-run`, as text or as one JSON object (docs/formats.md).
#pragma once

#include <optional>
#include <string>

#include "tugline/probe/plan.h"

namespace tugline {

// The part that a sweep with --shard measures.
struct ShardPart {
  Shard shard;
  int64_t units_of_run = 0;
  double share_of_flops = 0;  // of the whole run, including what is already measured
};

// What --nodes measures of the epsilons, or would.
struct NodesPlan {
  int64_t requested = 0;  // epsilons except 0
  int64_t most = 0;       // of them
  bool is_used = false;   // else it is an advice, and the report's cost is that of all epsilons
  int64_t pushes = 0;     // at most
  double seconds = 0;     // likewise
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
  Precision precision = Precision::kF32;  // of pushes on this machine
  double product_speed = 0;               // FLOP/s in this precision
  // The share of that speed that the store's units reached; no value if there are none.
  std::optional<double> share = {};
  double seconds = 0;                   // of the sweep at that share; a lower bound if the share is not known
  std::optional<NodesPlan> nodes = {};  // no value if no epsilon could be left out
};

[[nodiscard]] std::string plan_text(const PlanReport& report);
[[nodiscard]] std::string plan_json(const PlanReport& report);

}  // namespace tugline
