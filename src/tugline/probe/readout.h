// What a span's rows that are read predict without a push: the base distributions and the realised tokens.
#pragma once

#include <memory>
#include <vector>

#include "tugline/backend/backend.h"
#include "tugline/core/ids.h"
#include "tugline/probe/baseline.h"
#include "tugline/probe/replay_rows.h"

namespace tugline {

// The realised next token of each read row; kNoTarget for the transcript's very last row, which has none.
[[nodiscard]] std::vector<int32_t> read_targets(const Baseline& baseline, const ReplayRows& rows);

// The base distributions of the rows that are read.
[[nodiscard]] std::unique_ptr<Readout> read_baseline(const Model& model, const Baseline& baseline,
                                                     const ReplayRows& rows);

}  // namespace tugline
