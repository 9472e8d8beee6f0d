// Cuts pushes that are measured together into batches of one shape. Sums may round differently in batches of
// another shape, so the settings that decide the shape, the rows of a batch and the memory limit, are kept
// with each session of a run.
#pragma once

#include <cstdint>

#include "tugline/model/config.h"
#include "tugline/model/site.h"
#include "tugline/probe/readout.h"
#include "tugline/probe/replay_rows.h"

namespace tugline {

// The default rows of a batch, the same on every machine. docs/performance.md, "Batches", has the
// measurement.
inline constexpr int64_t kBatchRows = 800;

// The limits of a batch.
struct BatchLimits {
  int64_t rows = kBatchRows;
  int64_t memory = 0;  // bytes of a replay's working memory
};

// Errors: kUsage if not even one push over the rows fits into the memory limit.
void check_memory_limit(const ModelConfig& config, const ReplayRows& rows, int64_t memory_limit);

// Checks that a span's base state (span_bytes of probe/memory_needs) fits into the limit. It is held in
// addition to the batch, and grows with the square of a long readout. `lowest` is the lowest pushed site.
// Errors: kUsage if it alone exceeds the limit.
void check_span_memory(const ModelConfig& config, const ReplayRows& rows, Site lowest, Vocabulary vocabulary,
                       int64_t memory_limit);

// The pushes of each batch of a unit of `pushes`: at least 1, as equal as possible; the last batch may have
// fewer. Errors: as above.
[[nodiscard]] int64_t batch_pushes(const ModelConfig& config, const ReplayRows& rows, int64_t pushes,
                                   const BatchLimits& limits);

}  // namespace tugline
