#include "tugline/text/spans.h"

#include <fmt/format.h>

#include <algorithm>

#include "tugline/core/white_space.h"

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

// The begin of the reasoning in the transcript; npos if there is no "<think>".
size_t end_of_think(std::string_view transcript) {
  const size_t at = transcript.find(kThink);
  return at == std::string_view::npos ? at : at + kThink.size();
}

// Looks after "<think>" first, because the prompt may quote the text.
size_t find_after_think(std::string_view transcript, std::string_view text) {
  const size_t think = end_of_think(transcript);
  const size_t at = think == std::string_view::npos ? think : transcript.find(text, think);
  return at == std::string_view::npos ? transcript.find(text) : at;
}

// The place of the reasoning text in the transcript.
class CotPlace {
 public:
  explicit CotPlace(const SpanQuery& query) {
    const std::string_view cot = trimmed(query.cot);
    if (cot.empty()) return;
    const size_t at = find_after_think(query.transcript, cot);
    if (at != std::string_view::npos) {
      is_found_ = true;
      shift_ = static_cast<int64_t>(at) - (cot.data() - query.cot.data());
      return;
    }
    transcript_ = fold_white_space(query.transcript);
    cot_ = fold_white_space(query.cot);
    const std::string_view wanted = trimmed(std::string_view(cot_.text));
    const size_t folded_at = find_after_think(transcript_.text, wanted);
    is_found_ = folded_at != std::string_view::npos;
    shift_ = static_cast<int64_t>(folded_at) - (wanted.data() - cot_.text.data());
  }

  [[nodiscard]] bool is_found() const { return is_found_; }

  // The range of the transcript that holds the bytes `of_cot`. Neither end may be white space.
  [[nodiscard]] ByteRange in_transcript(ByteRange of_cot) const {
    if (cot_.text.empty()) return {of_cot.begin + shift_, of_cot.end + shift_};
    return {transcript_.sources[folded(of_cot.begin)], transcript_.sources[folded(of_cot.end - 1)] + 1};
  }

 private:
  // The byte of the folded transcript at which byte `at` of cot is.
  [[nodiscard]] size_t folded(int64_t at) const {
    const auto found = std::lower_bound(cot_.sources.begin(), cot_.sources.end(), at);
    return static_cast<size_t>(found - cot_.sources.begin() + shift_);
  }

  bool is_found_ = false;
  int64_t shift_ = 0;  // from bytes of cot to those of the transcript: of the folded texts, if there are any
  FoldedText cot_;
  FoldedText transcript_;
};

// The tokens in `ids` from `first` on that equal `wanted`.
std::optional<TokenRange> find_ids(const std::vector<int32_t>& ids, int64_t first,
                                   std::span<const int32_t> wanted) {
  if (wanted.empty()) return std::nullopt;
  const auto it = std::search(ids.begin() + first, ids.end(), wanted.begin(), wanted.end());
  if (it == ids.end()) return std::nullopt;
  const int64_t begin = it - ids.begin();
  return TokenRange{begin, begin + static_cast<int64_t>(wanted.size())};
}

// Finds the sentence's own ids: those that it has at the start of a line, else those after a space. A space
// that is a token by itself is not part of the sentence.
std::optional<TokenRange> find_own_ids(std::string_view sentence, const Encoding& encoding, int64_t first,
                                       const Tokenizer& tokenizer) {
  const Encoding bare = tokenizer.encode(sentence, BosPolicy::kNever);
  if (const auto found = find_ids(encoding.ids, first, bare.ids)) return found;
  const Encoding spaced = tokenizer.encode(fmt::format(" {}", sentence), BosPolicy::kNever);
  auto found = find_ids(encoding.ids, first, spaced.ids);
  if (found && spaced.offsets.front().end <= 1) ++found->begin;
  return found;
}

// The last resort, if the sentence cannot be placed by its bytes; `why` says why not.
SpanOutcome find_anchor_by_ids(const SpanQuery& query, const AnchorQuery& anchor, const Encoding& encoding,
                               const Tokenizer& tokenizer, std::string_view why) {
  const size_t think = end_of_think(query.transcript);
  if (think == std::string_view::npos) {
    return skip(fmt::format("{}, and the transcript has no <think> to search behind.", why));
  }
  const auto first =
      std::partition_point(encoding.offsets.begin(), encoding.offsets.end(),
                           [&](ByteRange token) { return token.begin < static_cast<int64_t>(think); });
  const auto tokens = find_own_ids(anchor.sentence, encoding, first - encoding.offsets.begin(), tokenizer);
  if (!tokens)
    return skip(fmt::format("{}, and the anchor's own token ids do not occur after <think>.", why));
  return measured_or_skipped({.kind = Span::Kind::kAnchor,
                              .chunk = anchor.chunk,
                              .tokens = *tokens,
                              .text = std::string(anchor.sentence)});
}

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

SpanOutcome find_anchor_span(const SpanQuery& query, const AnchorQuery& anchor, const Encoding& encoding,
                             const Tokenizer& tokenizer) {
  if (anchor.sentence.empty()) return skip(fmt::format("{}.", anchor.problem));
  if (!anchor.place) return find_anchor_by_ids(query, anchor, encoding, tokenizer, anchor.problem);
  const CotPlace cot(query);
  if (!cot.is_found()) {
    return find_anchor_by_ids(query, anchor, encoding, tokenizer,
                              "The reasoning text (cot) is not in the transcript");
  }
  const auto tokens = tokens_holding(encoding, cot.in_transcript(*anchor.place));
  if (!tokens) return skip("The anchor sentence is not covered by the transcript's tokens.");
  return measured_or_skipped({.kind = Span::Kind::kAnchor,
                              .chunk = anchor.chunk,
                              .tokens = *tokens,
                              .text = std::string(anchor.sentence)});
}

std::vector<SpanOutcome> find_chunk_spans(const SpanQuery& query, const Encoding& encoding) {
  std::vector<SpanOutcome> outcomes;
  if (query.chunks == nullptr) return outcomes;
  const CotPlace cot(query);
  for (const ByteRange& chunk : *query.chunks) {
    if (chunk.size() == 0) {
      outcomes.push_back(
          skip("The chunk's text is not in the reasoning text (cot) after the chunk before it."));
      continue;
    }
    if (!cot.is_found()) {
      outcomes.push_back(skip("The reasoning text (cot) is not in the transcript."));
      continue;
    }
    const auto tokens = tokens_holding(encoding, cot.in_transcript(chunk));
    if (!tokens) {
      outcomes.push_back(skip("The chunk is not covered by the transcript's tokens."));
      continue;
    }
    outcomes.push_back(
        measured_or_skipped({.kind = Span::Kind::kChunk,
                             .chunk = static_cast<int64_t>(outcomes.size()),
                             .tokens = *tokens,
                             .text = std::string(query.cot.substr(static_cast<size_t>(chunk.begin),
                                                                  static_cast<size_t>(chunk.size())))}));
  }
  return outcomes;
}

}  // namespace tugline
