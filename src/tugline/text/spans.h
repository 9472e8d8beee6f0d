// Finds the token ranges of sentences: the anchors' spans and every chunk's, in a transcript that was
// tokenized once. Defines Span, which also describes an anchor's controls (made by probe/controls).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tugline/core/ids.h"
#include "tugline/text/tokenizer.h"

namespace tugline {

struct Span {
  // The last three are an anchor's controls: another sentence, a random window, the anchor with a moved push.
  enum class Kind { kAnchor, kChunk, kControlMatched, kControlWindow, kControlOffset };
  Kind kind = Kind::kAnchor;
  // The chunk's number. For an anchor and its moved pushes, the anchor's chunk, or a negative number if that
  // is not known. For a window, its number.
  int64_t chunk = -1;
  TokenRange tokens;  // indexes the ids that were run, BOS included
  std::string text;
  int64_t offset = 0;  // kControlOffset only: tokens by which the push is moved
};

[[nodiscard]] inline bool is_control(Span::Kind kind) {
  return kind != Span::Kind::kAnchor && kind != Span::Kind::kChunk;
}

// The kind's name in the store and its tables: "anchor", "chunk", "control_matched", "control_window",
// "control_offset_-8". Each offset of a moved push is a kind of its own, because their curves must not be
// averaged. "control_offset" without an offset means all of them.
[[nodiscard]] std::string kind_name(Span::Kind kind, int64_t offset = 0);

// A span, or the reason why there is none.
struct SpanOutcome {
  std::optional<Span> span;
  std::string skipped;  // the reason, as a sentence for the researcher; empty if there is a span
};

// The parts of an example that the finders need, as plain texts and ranges, so that text/ does not depend on
// data/.
struct SpanQuery {
  std::string_view transcript;
  std::string_view cot;
  const std::vector<ByteRange>* chunks =
      nullptr;  // byte ranges within cot, in order; an empty one is not in cot
};

// An anchor, as data/anchors placed it in the reasoning text.
struct AnchorQuery {
  std::string_view sentence;       // empty if it is not known
  std::optional<ByteRange> place;  // within cot
  int64_t chunk = -1;
  std::string_view problem;  // why there is no place: a clause without a full stop
};

// The tokens from the one that holds the range's first byte to the one that holds its last. No value if a
// byte is in no token, or the range is empty.
[[nodiscard]] std::optional<TokenRange> tokens_holding(const Encoding& encoding, ByteRange bytes);

// Finds the tokens at the anchor's place. Looks for cot in the transcript, after "<think>"
// first: without the white space at its ends, then with any white space for white space. If
// the anchor has no place, or cot is not found, looks for the sentence's own token ids after
// "<think>". Skips a span that begins at token 0, because there is no token before it to push.
[[nodiscard]] SpanOutcome find_anchor_span(const SpanQuery& query, const AnchorQuery& anchor,
                                           const Encoding& encoding, const Tokenizer& tokenizer);

// One outcome for each chunk, in order; empty if query.chunks is null.
[[nodiscard]] std::vector<SpanOutcome> find_chunk_spans(const SpanQuery& query, const Encoding& encoding);

}  // namespace tugline
