// From sentences to token ranges (docs/method.md, "Spans"): the anchor's span and every chunk's in a transcript that was
// tokenized once.
#pragma once

#include <optional>
#include <string>
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
  std::string skipped;  // empty where span is there
};

// What the finders need of an example; plain strings, so that text does not depend on data.
struct SpanQuery {
  std::string_view transcript;
  std::string_view cot;
  std::optional<std::string_view> anchor_sentence;
  std::optional<int64_t> anchor_index;
  const std::vector<ByteRange>* chunks = nullptr;  // chunk byte ranges within cot, in order (data/chunking)
};

[[nodiscard]] SpanOutcome find_anchor_span(const SpanQuery& query, const Encoding& encoding, const Tokenizer& tokenizer);
// One outcome a chunk, in order.
[[nodiscard]] std::vector<SpanOutcome> find_chunk_spans(const SpanQuery& query, const Encoding& encoding);

}  // namespace tugline
