// Estimates what a sweep will cost before it runs: units, pushes, batches, floating-point operations, memory,
// disk, time. It needs the configuration and the spans, but no weights. `sweep --dry-run` shows it, and a
// sweep's progress is measured by it.
#pragma once

#include <functional>

#include "tugline/probe/cost.h"
#include "tugline/probe/memory_needs.h"
#include "tugline/probe/sweep.h"

namespace tugline {

// Bytes. Each part has its own largest value, which need not be at the moment of the peak.
struct MemoryNeeds {
  int64_t weights = 0;
  int64_t statistics = 0;  // of the residuals from which directions are made
  int64_t baseline = 0;    // one transcript's residuals, keys and values
  int64_t span = 0;        // one span's trace and base distributions
  int64_t batch = 0;       // one batch's activations
  int64_t audit = 0;       // one transcript in f64, and a unit's reruns
  int64_t peak = 0;        // the largest sum at any moment, with the working memory of that moment
};

// All fields except `units` count only what has not been measured yet.
struct SweepCost {
  int64_t units = 0;          // of the whole sweep
  int64_t units_left = 0;     // that lack pushes
  int64_t units_partial = 0;  // of these, units that have some of their pushes
  int64_t audits_left = 0;    // pushes that are measured and are still to be audited
  int64_t spans_left = 0;
  int64_t baselines_left = 0;
  int64_t pushes = 0;   // that must be computed: neither epsilon 0 nor out of reach
  int64_t batches = 0;  // of these pushes
  int64_t largest_batch_rows = 0;
  Work push_work;      // of the pushes
  Work shared_work;    // of baselines, traces, base distributions and the residuals' statistics
  Work span_work;      // the part of it that spans share between their layers: traces and base distributions
  MemoryNeeds memory;  // the largest of each part
  int64_t store_bytes = 0;
  [[nodiscard]] double flops() const { return push_work.total() + shared_work.total(); }
};

using PartsOf = std::function<UnitParts(const UnitKey&)>;
[[nodiscard]] inline UnitParts no_parts(const UnitKey& /*key*/) { return {}; }

// `parts` says what is already measured of a unit; `arithmetic` only decides memory.
[[nodiscard]] SweepCost cost_of(const ModelConfig& config, const SweepPlan& plan, const SweepOptions& options,
                                const PartsOf& parts, const Arithmetic& arithmetic = {});

// The seconds of the sweep at `speed` FLOP/s, without loading the model. At the machine's full matrix-product
// speed (backend/product_speed) this is a lower bound, because units reach only a part of that speed.
[[nodiscard]] double expected_seconds(const SweepCost& cost, double speed);

}  // namespace tugline
