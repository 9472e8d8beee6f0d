// Which rows a push makes tugline recompute, and which of them are read.
#pragma once

#include <cstdint>

#include "tugline/core/ids.h"

namespace tugline {

// kPredicting: rows p .. end-2, which predict the span's own tokens. kFollowing: rows begin .. end-1, the span's own positions.
enum class ReadoutKind { kPredicting, kFollowing };

// A span as a replay sees it: it is pushed at p = span.begin - 1, runs rows p .. and reads the last of them.
struct ReplayRows {
  Position push;           // p
  int64_t count = 0;       // rows that are replayed, from p on
  int64_t first_read = 0;  // rows before it are replayed but not read
  [[nodiscard]] int64_t read() const { return count - first_read; }
  bool operator==(const ReplayRows&) const = default;
  [[nodiscard]] Position read_position(int64_t i) const { return {push.value + first_read + i}; }
};

// Errors (kInput): an empty span, begin 0 (no token before it), end beyond the transcript.
[[nodiscard]] ReplayRows replay_rows(TokenRange span, ReadoutKind readout, int64_t tokens);

}  // namespace tugline
