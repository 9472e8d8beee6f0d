// Which rows are read for a span, and what their distributions are without a push.
#pragma once

#include <memory>
#include <vector>

#include "tugline/backend/backend.h"
#include "tugline/core/ids.h"
#include "tugline/probe/baseline.h"

namespace tugline {

// kPredicting: rows p .. end-2, which predict the span's own tokens. kFollowing: rows begin .. end-1, the span's own positions.
enum class ReadoutKind { kPredicting, kFollowing };

// A span as a replay sees it: it is pushed at p = span.begin - 1, runs rows p .. and reads the last of them.
struct ReplayRows {
  Position push;         // p
  int64_t count = 0;     // rows that are replayed, from p on
  int64_t first_read = 0;  // rows before it are replayed but not read
  [[nodiscard]] int64_t read() const { return count - first_read; }
  [[nodiscard]] Position read_position(int64_t i) const { return {push.value + first_read + i}; }
};

// Errors (kInput): an empty span, begin 0 (no token before it), end beyond the transcript.
[[nodiscard]] ReplayRows replay_rows(TokenRange span, ReadoutKind readout, int64_t tokens);

// The realised next token of each read row; kNoTarget for the transcript's very last row, which has none.
[[nodiscard]] std::vector<int32_t> read_targets(const Baseline& baseline, const ReplayRows& rows);

// The base distributions of the rows that are read.
[[nodiscard]] std::unique_ptr<Readout> read_baseline(const Model& model, const Baseline& baseline, const ReplayRows& rows);

}  // namespace tugline
