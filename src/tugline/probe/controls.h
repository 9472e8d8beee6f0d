// Controls of an anchor: what its curve is compared with (docs/dataset.md, "Controls"). Found from the text alone, before anything is
// measured; whether a control's site is a sink is known only then (probe/sinks).
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "tugline/probe/replay_rows.h"
#include "tugline/text/spans.h"

namespace tugline {

inline constexpr int64_t kMatchedControls = 3;
inline constexpr int64_t kWindowControls = 3;
// Tokens that the anchor's push is moved by.
inline constexpr std::array<int64_t, 7> kControlOffsets{-8, -4, -2, -1, 1, 2, 4};

// One control of an anchor, or why there is none.
struct Control {
  Span span;            // of the kind that it is or would be; without tokens where it is skipped
  std::string skipped;  // empty where it is there
};

struct ControlQuery {
  const Span& anchor;
  const std::vector<TokenRange>&
      anchors;          // all of the example, this one included: a control shares no token with any
  int64_t ordinal = 0;  // of this anchor among them
  const std::vector<SpanOutcome>& chunks;  // the example's, in order
  const Encoding& encoding;
  std::string_view transcript;
  uint64_t seed = 42;
  uint64_t example_hash = 0;  // Example::content_hash
  ReadoutChoice readout;
};

// How unlike two spans are: |ln(length / length)|, and the tokens from one begin to the other over those of the transcript.
[[nodiscard]] double match_distance(TokenRange a, TokenRange b, int64_t tokens);

// Other sentences: the kMatchedControls chunks nearest by match_distance (of equals the earlier) that share no token with an anchor and do
// not begin at the transcript's first two tokens.
[[nodiscard]] std::vector<Control> matched_controls(const ControlQuery& query);

// Windows of the anchor's length within the reasoning's chunks (the transcript where it has none) that share no token with an anchor and
// do not begin at the transcript's first two tokens: kWindowControls with different begins, drawn by Philox from seed, example and anchor.
// They are numbered on from one anchor of an example to the next.
[[nodiscard]] std::vector<Control> window_controls(const ControlQuery& query);

// The anchor, its push moved by each of kControlOffsets. The readout stays the anchor's.
[[nodiscard]] std::vector<Control> offset_controls(const ControlQuery& query);

// What decides controls and is not an option, for the run's identity.
[[nodiscard]] std::string controls_text();

}  // namespace tugline
