// Checks pushes in one text before the model's weights are loaded.
#pragma once

#include <vector>

#include "tugline/probe/sweep.h"

namespace tugline {

// Errors: those of check_transcript, replay_rows, check_memory_limit and check_span_memory.
void check_tug(const ModelConfig& config, const std::vector<int32_t>& ids, TokenRange span,
               const SweepOptions& options);

}  // namespace tugline
