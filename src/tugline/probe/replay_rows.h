// The rows that are recomputed for a push, and those of them that are read.
#pragma once

#include <cstdint>
#include <string>

#include "tugline/core/ids.h"

namespace tugline {

// kPredicting: rows p .. end-2, which predict the span's own tokens. kFollowing: rows begin .. end-1, the span's own positions.
// kDownstream: rows end .. , those after the span.
enum class ReadoutKind { kPredicting, kFollowing, kDownstream };

// The choice of rows that are read.
struct ReadoutChoice {
  ReadoutKind kind = ReadoutKind::kPredicting;
  int64_t most_rows = 0;  // kDownstream only; 0: all rows to the transcript's end
  // A kind alone is a choice.
  ReadoutChoice(ReadoutKind read = ReadoutKind::kPredicting, int64_t most = 0)
      : kind(read), most_rows(most) {}
};

// "predicting", "following", "downstream", "downstream:64".
[[nodiscard]] std::string readout_name(const ReadoutChoice& readout);

// The rows of a span's replay: the push lands on p, rows p .. run, and the last of them are read. p is span.begin - 1, or some tokens before
// or after it. A push after the first row of the readout does not change the rows before it.
struct ReplayRows {
  Position push;           // p
  int64_t count = 0;       // rows that are replayed, from p on
  int64_t first_read = 0;  // rows before it are replayed but not read
  int64_t unmoved = 0;     // rows of the readout before p: exact zeros by causality, not replayed
  [[nodiscard]] int64_t read() const { return count - first_read; }
  [[nodiscard]] Position read_position(int64_t i) const { return {push.value + first_read + i}; }
  // The whole readout, as a unit records it: the rows that cannot move, then those that are read.
  [[nodiscard]] TokenRange readout() const { return {push.value + first_read - unmoved, push.value + count}; }
  bool operator==(const ReplayRows&) const = default;
};

// The rows of a readout, for every place of the push. Empty downstream of a span that ends the transcript.
[[nodiscard]] TokenRange readout_positions(TokenRange span, const ReadoutChoice& readout, int64_t tokens);

// `offset`: tokens by which the push is moved from span.begin - 1. Errors (kInput): an empty span, begin 0 (no token before it), end
// beyond the transcript; a readout without rows; a moved push before the first token, or after all rows of the readout.
[[nodiscard]] ReplayRows replay_rows(TokenRange span, const ReadoutChoice& readout, int64_t tokens,
                                     int64_t offset = 0);

}  // namespace tugline
