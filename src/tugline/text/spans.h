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

// What the finders need of an example; plain strings, so that text does not depend on data.
struct SpanQuery {
  std::string_view transcript;
  std::string_view cot;
  std::optional<std::string_view> anchor_sentence;
  std::optional<int64_t> anchor_index;
  const std::vector<ByteRange>* chunks = nullptr;  // chunk byte ranges within cot, in order (data/chunking)
};

// The tokens from the one that holds the range's first byte to the one that holds its last; nothing where a
// byte is in no token or the range is empty.
[[nodiscard]] std::optional<TokenRange> tokens_holding(const Encoding& encoding, ByteRange bytes);

// The anchor is looked for in cot, where it is; where the sentence occurs more than once, the occurrence in
// chunk anchor_index is taken (without anchor_index, the first). Where the sentence or cot is not found, the
// sentence's own token ids are looked for after "<think>". A span that begins at token 0 is skipped: no token
// before it could be pushed.
[[nodiscard]] SpanOutcome find_anchor_span(const SpanQuery& query, const Encoding& encoding,
                                           const Tokenizer& tokenizer);

// One outcome a chunk, in order; none where query.chunks is null.
[[nodiscard]] std::vector<SpanOutcome> find_chunk_spans(const SpanQuery& query, const Encoding& encoding);

}  // namespace tugline
