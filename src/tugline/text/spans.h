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
  enum class Kind { kAnchor, kChunk };
  Kind kind = Kind::kAnchor;
  int64_t chunk = -1;  // chunk number; for an anchor the chunk it is, or -1 where that is not known
  TokenRange tokens;   // indexes the ids that were run, BOS included
  std::string text;
};

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
