#include "tugline/probe/batches.h"

#include <algorithm>

#include "tugline/core/error.h"
#include "tugline/probe/memory_needs.h"

namespace tugline {
namespace {

// Bytes that a replay works in for each row, with room for f64 on the reference backend.
int64_t working_bytes_per_row(const ModelConfig& config) {
  constexpr int64_t kElementBytes = 8;
  constexpr int64_t kHeadTile = 2048;
  return (layer_row_elements(config) + kHeadTile) * kElementBytes;
}

}  // namespace

void check_memory_limit(const ModelConfig& config, const ReplayRows& rows, int64_t memory_limit) {
  const int64_t needed = working_bytes_per_row(config) * rows.count;
  if (memory_limit < needed)
    refuse("memory_limit", "one push over {} rows needs {} bytes, the limit is {}; raise it", rows.count,
           needed, memory_limit);
}

void check_span_memory(const ModelConfig& config, const ReplayRows& rows, Site lowest, Vocabulary vocabulary,
                       int64_t memory_limit) {
  const int64_t needed = span_bytes(config, rows, lowest, vocabulary).held;
  if (memory_limit < needed)
    refuse("memory_limit",
           "what {} rows are compared with needs {} bytes, the limit is {}; raise it, or read "
           "fewer rows (the readout downstream:N)",
           rows.count, needed, memory_limit);
}

int64_t batch_pushes(const ModelConfig& config, const ReplayRows& rows, int64_t pushes,
                     const BatchLimits& limits) {
  check_memory_limit(config, rows, limits.memory);
  const int64_t affordable = limits.memory / (working_bytes_per_row(config) * rows.count);
  const int64_t most = std::clamp<int64_t>(limits.rows / rows.count, 1, affordable);
  const int64_t batches = (pushes + most - 1) / most;
  return (pushes + batches - 1) / batches;  // equal batches rather than full ones and a rest
}

}  // namespace tugline
