#include "tugline/text/spans.h"

#include <fmt/format.h>

#include <algorithm>

namespace tugline {
namespace {

constexpr std::string_view kThink = "<think>";

SpanOutcome skip(std::string reason) { return {std::nullopt, std::move(reason)}; }

// The last check of every span: a push lands on the token before it.
SpanOutcome measured_or_skipped(Span span) {
  if (span.tokens.begin == 0)
    return skip("The span begins at the first token: there is no token before it to push.");
  return {std::move(span), ""};
}

ByteRange range_at(size_t begin, size_t size) {
  return {static_cast<int64_t>(begin), static_cast<int64_t>(begin + size)};
}

ByteRange shifted(ByteRange range, int64_t by) { return {range.begin + by, range.end + by}; }

// Where the reasoning begins in the transcript; npos where no "<think>" is there.
size_t end_of_think(std::string_view transcript) {
  const size_t at = transcript.find(kThink);
  return at == std::string_view::npos ? at : at + kThink.size();
}

// The byte at which cot begins in the transcript. A text that the prompt happens to quote is looked for after
// "<think>" first.
std::optional<int64_t> find_cot(const SpanQuery& query) {
  if (query.cot.empty()) return std::nullopt;
  size_t at = std::string_view::npos;
  if (const size_t think = end_of_think(query.transcript); think != std::string_view::npos) {
    at = query.transcript.find(query.cot, think);
  }
  if (at == std::string_view::npos) at = query.transcript.find(query.cot);
  if (at == std::string_view::npos) return std::nullopt;
  return static_cast<int64_t>(at);
}

std::vector<ByteRange> occurrences(std::string_view text, std::string_view sentence) {
  std::vector<ByteRange> found;
  for (size_t at = text.find(sentence); at != std::string_view::npos;
       at = text.find(sentence, at + sentence.size())) {
    found.push_back(range_at(at, sentence.size()));
  }
  return found;
}

// A sentence and a chunk are the same place when one lies within the other.
bool same_place(ByteRange a, ByteRange b) {
  return (a.begin <= b.begin && b.end <= a.end) || (b.begin <= a.begin && a.end <= b.end);
}

int64_t chunk_count(const SpanQuery& query) {
  return query.chunks == nullptr ? 0 : static_cast<int64_t>(query.chunks->size());
}

// The number of the chunk that is at `place` in cot, or -1.
int64_t chunk_at(const SpanQuery& query, ByteRange place) {
  for (int64_t i = 0; i < chunk_count(query); ++i) {
    if (same_place((*query.chunks)[i], place)) return i;
  }
  return -1;
}

// Of several places the one that is chunk anchor_index; null where none is.
const ByteRange* choose_place(const SpanQuery& query, const std::vector<ByteRange>& places) {
  if (places.size() == 1 || !query.anchor_index) return &places.front();
  if (*query.anchor_index < 0 || *query.anchor_index >= chunk_count(query)) return nullptr;
  const ByteRange chunk = (*query.chunks)[*query.anchor_index];
  const auto it =
      std::find_if(places.begin(), places.end(), [&](ByteRange p) { return same_place(p, chunk); });
  return it == places.end() ? nullptr : &*it;
}

// The tokens in `ids` from `first` on that equal `wanted`.
std::optional<TokenRange> find_ids(const std::vector<int32_t>& ids, int64_t first,
                                   std::span<const int32_t> wanted) {
  if (wanted.empty()) return std::nullopt;
  const auto it = std::search(ids.begin() + first, ids.end(), wanted.begin(), wanted.end());
  if (it == ids.end()) return std::nullopt;
  const int64_t begin = it - ids.begin();
  return TokenRange{begin, begin + static_cast<int64_t>(wanted.size())};
}

// The sentence's own ids, as they are at the start of a line and, failing that, after a space (which may be a
// token by itself, and then is not the sentence's).
std::optional<TokenRange> find_own_ids(std::string_view sentence, const Encoding& encoding, int64_t first,
                                       const Tokenizer& tokenizer) {
  const Encoding bare = tokenizer.encode(sentence, BosPolicy::kNever);
  if (const auto found = find_ids(encoding.ids, first, bare.ids)) return found;
  const Encoding spaced = tokenizer.encode(fmt::format(" {}", sentence), BosPolicy::kNever);
  auto found = find_ids(encoding.ids, first, spaced.ids);
  if (found && spaced.offsets.front().end <= 1) ++found->begin;
  return found;
}

// The way of last resort, where the sentence cannot be placed by its bytes; `why` says why not.
SpanOutcome find_anchor_by_ids(const SpanQuery& query, const Encoding& encoding, const Tokenizer& tokenizer,
                               std::string_view why) {
  const size_t think = end_of_think(query.transcript);
  if (think == std::string_view::npos) {
    return skip(fmt::format("{}, and the transcript has no <think> to search behind.", why));
  }
  const auto first =
      std::partition_point(encoding.offsets.begin(), encoding.offsets.end(),
                           [&](ByteRange token) { return token.begin < static_cast<int64_t>(think); });
  const auto tokens =
      find_own_ids(*query.anchor_sentence, encoding, first - encoding.offsets.begin(), tokenizer);
  if (!tokens)
    return skip(fmt::format("{}, and the anchor's own token ids do not occur after <think>.", why));
  const int64_t chunk = query.anchor_index.value_or(-1);
  return measured_or_skipped({.kind = Span::Kind::kAnchor,
                              .chunk = chunk < chunk_count(query) ? chunk : -1,
                              .tokens = *tokens,
                              .text = std::string(*query.anchor_sentence)});
}

bool is_blank(std::string_view text) { return text.find_first_not_of(" \t\r\n") == std::string_view::npos; }

}  // namespace

std::string kind_name(Span::Kind kind, int64_t offset) {
  switch (kind) {
    case Span::Kind::kAnchor:
      return "anchor";
    case Span::Kind::kChunk:
      return "chunk";
    case Span::Kind::kControlMatched:
      return "control_matched";
    case Span::Kind::kControlWindow:
      return "control_window";
    case Span::Kind::kControlOffset:
      return offset == 0 ? "control_offset" : fmt::format("control_offset_{:+}", offset);
  }
  return "";
}

std::optional<TokenRange> tokens_holding(const Encoding& encoding, ByteRange bytes) {
  if (bytes.size() <= 0) return std::nullopt;
  const auto& offsets = encoding.offsets;  // begins and ends never fall; a BOS is empty
  const int64_t last_byte = bytes.end - 1;
  const auto first = std::partition_point(offsets.begin(), offsets.end(),
                                          [&](ByteRange token) { return token.end <= bytes.begin; });
  auto end =
      std::partition_point(first, offsets.end(), [&](ByteRange token) { return token.begin <= last_byte; });
  if (first == end || first->begin > bytes.begin || (end - 1)->end <= last_byte) return std::nullopt;
  return TokenRange{first - offsets.begin(), end - offsets.begin()};
}

SpanOutcome find_anchor_span(const SpanQuery& query, const Encoding& encoding, const Tokenizer& tokenizer) {
  if (!query.anchor_sentence || is_blank(*query.anchor_sentence)) {
    return skip("The example has no anchor sentence (thought_anchor_sentence).");
  }
  const std::optional<int64_t> cot = find_cot(query);
  if (!cot) {
    return find_anchor_by_ids(query, encoding, tokenizer,
                              "The reasoning text (cot) is not in the transcript");
  }
  const std::vector<ByteRange> places = occurrences(query.cot, *query.anchor_sentence);
  if (places.empty()) {
    return find_anchor_by_ids(query, encoding, tokenizer,
                              "The anchor sentence is not in the reasoning text (cot)");
  }
  const ByteRange* place = choose_place(query, places);
  if (place == nullptr) {
    return skip(fmt::format(
        "The anchor sentence occurs {} times, none of them in chunk {} (thought_anchor_idx) of {}.",
        places.size(), *query.anchor_index, chunk_count(query)));
  }
  const auto tokens = tokens_holding(encoding, shifted(*place, *cot));
  if (!tokens) return skip("The anchor sentence is not covered by the transcript's tokens.");
  return measured_or_skipped({.kind = Span::Kind::kAnchor,
                              .chunk = chunk_at(query, *place),
                              .tokens = *tokens,
                              .text = std::string(*query.anchor_sentence)});
}

std::vector<SpanOutcome> find_chunk_spans(const SpanQuery& query, const Encoding& encoding) {
  std::vector<SpanOutcome> outcomes;
  const std::optional<int64_t> cot = find_cot(query);
  for (int64_t i = 0; i < chunk_count(query); ++i) {
    const ByteRange chunk = (*query.chunks)[i];
    const auto tokens = cot ? tokens_holding(encoding, shifted(chunk, *cot)) : std::nullopt;
    if (!cot) {
      outcomes.push_back(skip("The reasoning text (cot) is not in the transcript."));
    } else if (!tokens) {
      outcomes.push_back(skip("The chunk is not covered by the transcript's tokens."));
    } else {
      outcomes.push_back(
          measured_or_skipped({.kind = Span::Kind::kChunk,
                               .chunk = i,
                               .tokens = *tokens,
                               .text = std::string(query.cot.substr(chunk.begin, chunk.size()))}));
    }
  }
  return outcomes;
}

}  // namespace tugline
