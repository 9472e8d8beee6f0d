// From sentences to token ranges: the anchor's span and every chunk's in a transcript that was tokenized
// once. Finds places only; which tokens are pushed and read is probe's.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tugline/core/ids.h"
#include "tugline/text/tokenizer.h"

namespace tugline {

struct Span {
  // The last three are an anchor's controls (probe/controls): another sentence, a random window, the anchor with its push moved.
  enum class Kind { kAnchor, kChunk, kControlMatched, kControlWindow, kControlOffset };
  Kind kind = Kind::kAnchor;
  // Chunk number; for an anchor and its moved pushes the chunk that the anchor is, or -1 where that is not known; of a window its
  // ordinal.
  int64_t chunk = -1;
  TokenRange tokens;  // indexes the ids that were run, BOS included
  std::string text;
  int64_t offset = 0;  // tokens that the push is moved by from the one before the span; kControlOffset only
};

[[nodiscard]] inline bool is_control(Span::Kind kind) {
  return kind != Span::Kind::kAnchor && kind != Span::Kind::kChunk;
}

// The kind as the store and its tables have it: "anchor", "chunk", "control_matched", "control_window", "control_offset_-8". Moved pushes
// are of another kind for each offset, because their curves are no samples of one thing; without one, "control_offset" is all of them.
[[nodiscard]] std::string kind_name(Span::Kind kind, int64_t offset = 0);

// A span, or the reason why there is none.
struct SpanOutcome {
  std::optional<Span> span;
  std::string skipped;  // a sentence for the researcher; empty where span is there
};

// What the finders need of an example; plain texts and ranges, so that text does not depend on data.
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

// The tokens from the one that holds the range's first byte to the one that holds its last; nothing where a
// byte is in no token or the range is empty.
[[nodiscard]] std::optional<TokenRange> tokens_holding(const Encoding& encoding, ByteRange bytes);

// The tokens at the anchor's place. cot is looked for in the transcript, after "<think>" first: without the white space
// at its ends, then with any white space for white space. If the anchor has no place, or cot is not found, the sentence's
// own token ids are looked for after "<think>". A span that begins at token 0 is skipped: no token before it could be
// pushed.
[[nodiscard]] SpanOutcome find_anchor_span(const SpanQuery& query, const AnchorQuery& anchor,
                                           const Encoding& encoding, const Tokenizer& tokenizer);

// One outcome a chunk, in order; none where query.chunks is null.
[[nodiscard]] std::vector<SpanOutcome> find_chunk_spans(const SpanQuery& query, const Encoding& encoding);

}  // namespace tugline
