// What a sweep will cost before it runs: units, pushes, batches, floating-point operations, memory, disk, time. From the configuration and
// the spans alone; no weights are read. `sweep --dry-run` shows it, a sweep's progress counts by it.
#pragma once

#include <functional>

#include "tugline/probe/cost.h"
#include "tugline/probe/memory_needs.h"
#include "tugline/probe/sweep.h"

namespace tugline {

// Bytes. Each part is its largest, which need not be at the fullest moment.
struct MemoryNeeds {
  int64_t weights = 0;
  int64_t statistics = 0;  // of the residuals that directions are made of
  int64_t baseline = 0;    // one transcript's residuals, keys and values
  int64_t span = 0;        // one span's trace and base distributions
  int64_t batch = 0;       // one batch's activations
  int64_t audit = 0;       // one transcript in f64, and a unit's reruns
  int64_t peak = 0;        // of all that is held at the sweep's fullest moment, and what it works in then
};

// Of the units that are still to run, but for `units`.
struct SweepCost {
  int64_t units = 0;       // of the whole sweep
  int64_t units_left = 0;  // that are still to run
  int64_t spans_left = 0;
  int64_t baselines_left = 0;
  int64_t pushes = 0;   // that are computed: neither epsilon 0 nor out of reach
  int64_t batches = 0;  // that they are run in
  int64_t largest_batch_rows = 0;
  Work push_work;      // of the pushes
  Work shared_work;    // of baselines, traces, base distributions and the residuals' statistics
  Work span_work;      // the part of it that spans share between their layers: traces and base distributions
  MemoryNeeds memory;  // the largest of each part
  int64_t store_bytes = 0;
  [[nodiscard]] double flops() const { return push_work.total() + shared_work.total(); }
};

// `has_unit` says what need not run; `arithmetic` decides memory alone.
[[nodiscard]] SweepCost cost_of(const ModelConfig& config, const SweepPlan& plan, const SweepOptions& options,
                                const std::function<bool(const UnitKey&)>& has_unit,
                                const Arithmetic& arithmetic = {});

// Of the sweep at `speed` FLOP/s, without loading the model. At the machine's whole matrix-product speed (backend/product_speed) it is
// the least that the sweep can take; units reach a part of that.
[[nodiscard]] double expected_seconds(const SweepCost& cost, double speed);

}  // namespace tugline
