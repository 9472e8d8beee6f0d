// The rows that are recomputed for a push, and those of them that are read.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "tugline/core/ids.h"

namespace tugline {

// kPredicting: rows p .. end-2, which predict the span's own tokens. kFollowing: rows begin .. end-1, the
// span's own positions. kDownstream: rows end .. , those after the span.
enum class ReadoutKind { kPredicting, kFollowing, kDownstream };

// The choice of rows that are read.
struct ReadoutChoice {
  ReadoutKind kind = ReadoutKind::kPredicting;
  int64_t most_rows = 0;  // kDownstream only; 0: all rows to the transcript's end
  // A kind alone is a choice.
  ReadoutChoice(ReadoutKind read = ReadoutKind::kPredicting, int64_t most = 0)
      : kind(read), most_rows(most) {}
};

// The tokens that a push lands on: the one before the span, the span's first or last one, or each of the
// span's.
enum class PushAt { kBefore, kFirst, kLast, kEvery };
inline constexpr std::array<std::pair<const char*, PushAt>, 4> kPushAts{{{"before", PushAt::kBefore},
                                                                         {"first", PushAt::kFirst},
                                                                         {"last", PushAt::kLast},
                                                                         {"every", PushAt::kEvery}}};
[[nodiscard]] std::string_view name_of(PushAt at);
[[nodiscard]] TokenRange landing(TokenRange span, PushAt at);

// The place of a push.
struct PushPlace {
  PushAt at = PushAt::kBefore;
  int64_t offset = 0;  // tokens by which it is moved
};

// Errors (kUsage): a push that no row of the readout follows, whatever the span.
void check_at(PushAt at, const ReadoutChoice& readout);

// "predicting", "following", "downstream", "downstream:64".
[[nodiscard]] std::string readout_name(const ReadoutChoice& readout);

// The rows of a span's replay: the push lands on p, or on each of `pushed` tokens from p on; rows p .. run,
// and the last of them are read. A push after the first row of the readout does not change the rows before
// it.
struct ReplayRows {
  Position push;           // p
  int64_t count = 0;       // rows that are replayed, from p on
  int64_t first_read = 0;  // rows before it are replayed but not read
  int64_t unmoved = 0;     // rows of the readout before p: exact zeros by causality, not replayed
  int64_t pushed =
      1;  // tokens that the push lands on, from p on; those after row p + count - 1 move nothing that is read
  [[nodiscard]] TokenRange landed() const { return {push.value, push.value + pushed}; }
  // The vectors of a push: one for each replayed row that it lands on.
  [[nodiscard]] int64_t vectors() const { return std::min(pushed, count); }
  [[nodiscard]] int64_t read() const { return count - first_read; }
  [[nodiscard]] Position read_position(int64_t i) const { return {push.value + first_read + i}; }
  // The whole readout, as a unit records it: the rows that cannot move, then those that are read.
  [[nodiscard]] TokenRange readout() const { return {push.value + first_read - unmoved, push.value + count}; }
  bool operator==(const ReplayRows&) const = default;
};

// The rows of a readout, for every place of the push. Empty downstream of a span that ends the transcript.
[[nodiscard]] TokenRange readout_positions(TokenRange span, const ReadoutChoice& readout, int64_t tokens);

// Errors (kInput): an empty span, begin 0 (no token before it), end beyond the transcript; a readout without
// rows; a push that lands before the first token, or after all rows of the readout.
[[nodiscard]] ReplayRows replay_rows(TokenRange span, const ReadoutChoice& readout, int64_t tokens,
                                     PushPlace place = {});

}  // namespace tugline
