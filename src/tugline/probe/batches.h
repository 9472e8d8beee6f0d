// How a unit's pushes are cut into batches of one shape. Sums may round differently in batches of another shape, so whatever decides the
// shape is part of a run's identity: the rows of a batch and the memory limit.
#pragma once

#include <cstdint>

#include "tugline/model/config.h"
#include "tugline/model/site.h"
#include "tugline/probe/readout.h"
#include "tugline/probe/replay_rows.h"

namespace tugline {

// Rows of a batch where nothing else is asked for: docs/performance.md, "Batches", has the measurement. The same on every machine.
inline constexpr int64_t kBatchRows = 800;

// What bounds a batch.
struct BatchLimits {
  int64_t rows = kBatchRows;
  int64_t memory = 0;  // bytes for a replay's working memory
};

// Errors: kUsage where not even one push over the rows fits the memory limit.
void check_memory_limit(const ModelConfig& config, const ReplayRows& rows, int64_t memory_limit);

// What the span's rows are compared with (span_bytes of probe/memory_needs) is held beside the batch and grows with the
// square of a long readout. `lowest` is the lowest site that is pushed. Errors: kUsage if it alone is more than the limit.
void check_span_memory(const ModelConfig& config, const ReplayRows& rows, Site lowest, Vocabulary vocabulary,
                       int64_t memory_limit);

// Pushes of each batch of a unit of `pushes`, the last one's perhaps fewer: at least 1, and as equal as can be. Errors: as above.
[[nodiscard]] int64_t batch_pushes(const ModelConfig& config, const ReplayRows& rows, int64_t pushes,
                                   const BatchLimits& limits);

}  // namespace tugline
