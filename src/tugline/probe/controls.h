// Finds the controls of an anchor: spans and pushes to compare its curve with (docs/dataset.md, "Controls").
// They follow from the text alone, before anything is measured. Whether a control's site is a sink is only
// known later (probe/sinks).
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
// The tokens by which the anchor's push is moved.
inline constexpr std::array<int64_t, 7> kControlOffsets{-8, -4, -2, -1, 1, 2, 4};

// One control of an anchor, or why there is none.
struct Control {
  Span span;            // of the control's kind; without tokens if it is skipped
  std::string skipped;  // the reason; empty if there is a span
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
  PushAt at = PushAt::kBefore;
};

// The distance of two spans: |ln(length / length)| plus the distance of their begins divided by the
// transcript's tokens.
[[nodiscard]] double match_distance(TokenRange a, TokenRange b, int64_t tokens);

// Other sentences: the kMatchedControls chunks nearest by match_distance (the earlier of equally near ones)
// that share no token with an anchor and do not begin at the transcript's first two tokens.
[[nodiscard]] std::vector<Control> matched_controls(const ControlQuery& query);

// Random windows: kWindowControls windows of the anchor's length with different begins, drawn by Philox from
// seed, example and anchor. They lie within the reasoning's chunks (within the transcript if there are none),
// share no token with an anchor, and do not begin at the transcript's first two tokens. Numbers continue from
// one anchor of an example to the next.
[[nodiscard]] std::vector<Control> window_controls(const ControlQuery& query);

// The anchor with its push moved by each of kControlOffsets. The readout stays the anchor's.
[[nodiscard]] std::vector<Control> offset_controls(const ControlQuery& query);

// The constants that decide controls, as text for the run's identity.
[[nodiscard]] std::string controls_text();

}  // namespace tugline
