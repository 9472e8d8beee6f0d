#include "tugline/probe/readout.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "tugline/core/content_hash.h"
#include "tugline/core/error.h"

namespace tugline {
namespace {

// Its stream depends on the rows that are read, and neither on layers nor on order.
std::optional<TailSampling> sampling_of(const ReplayRows& rows, const ReadoutOptions& options) {
  if (options.vocabulary == Vocabulary::kExact) return std::nullopt;
  ContentHash stream;
  stream.add_text("vocabulary");
  stream.add_number(options.example_hash);
  stream.add_number(static_cast<uint64_t>(rows.read_position(0).value));
  stream.add_number(static_cast<uint64_t>(rows.read()));
  return TailSampling{.head_remainder = kHeadRemainder,
                      .most_head = kMostHead,
                      .tail_tokens = kTailTokens,
                      .stream = {.key = options.seed, .stream = stream.value()}};
}

}  // namespace

const char* name_of(Vocabulary vocabulary) { return vocabulary == Vocabulary::kExact ? "exact" : "sampled"; }

std::string readout_name(const ReadoutChoice& readout) {
  switch (readout.kind) {
    case ReadoutKind::kPredicting:
      return "predicting";
    case ReadoutKind::kFollowing:
      return "following";
    case ReadoutKind::kDownstream:
      return readout.most_rows > 0 ? fmt::format("downstream:{}", readout.most_rows) : "downstream";
  }
  return "";
}

TokenRange readout_positions(TokenRange span, const ReadoutChoice& readout, int64_t tokens) {
  if (readout.kind == ReadoutKind::kPredicting) return {span.begin - 1, span.end - 1};
  if (readout.kind == ReadoutKind::kFollowing) return span;
  const int64_t rows = tokens - span.end;
  return {span.end, span.end + (readout.most_rows > 0 ? std::min(readout.most_rows, rows) : rows)};
}

std::string_view name_of(PushAt at) {
  for (const auto& [name, known] : kPushAts)
    if (known == at) return name;
  return "";
}

TokenRange landing(TokenRange span, PushAt at) {
  switch (at) {
    case PushAt::kBefore:
      return {span.begin - 1, span.begin};
    case PushAt::kFirst:
      return {span.begin, span.begin + 1};
    case PushAt::kLast:
      return {span.end - 1, span.end};
    case PushAt::kEvery:
      return span;
  }
  return {};
}

void check_at(PushAt at, const ReadoutChoice& readout) {
  if (at != PushAt::kLast || readout.kind != ReadoutKind::kPredicting) return;
  refuse("at",
         "a push at 'last' lands on the span's last token, after all rows of the readout 'predicting', "
         "which end before that token; read 'following' or 'downstream', or push at 'before', 'first' or "
         "'every'");
}

ReplayRows replay_rows(TokenRange span, const ReadoutChoice& readout, int64_t tokens, PushPlace place) {
  if (span.size() <= 0) fail(ErrorCode::kInput, "the span [{}, {}) is empty", span.begin, span.end);
  if (span.begin <= 0)
    fail(ErrorCode::kInput,
         "the span [{}, {}) begins at the transcript's first token; a push needs a token before it",
         span.begin, span.end);
  if (span.end > tokens)
    fail(ErrorCode::kInput, "the span [{}, {}) ends beyond the transcript's {} tokens", span.begin, span.end,
         tokens);
  const TokenRange read = readout_positions(span, readout, tokens);
  if (read.size() == 0)
    fail(ErrorCode::kInput, "the span [{}, {}) ends the transcript: the readout '{}' has no row after it",
         span.begin, span.end, readout_name(readout));
  const TokenRange landed = landing(span, place.at);
  const int64_t push = landed.begin + place.offset;
  if (push < 0 || push >= read.end)
    fail(ErrorCode::kInput,
         "a push at '{}' of the span [{}, {}){} lands on token {}; the last row of the readout '{}' is {}",
         name_of(place.at), span.begin, span.end,
         place.offset == 0 ? "" : fmt::format(", moved by {} tokens,", place.offset), push,
         readout_name(readout), read.end - 1);
  if (push + landed.size() > tokens)
    fail(ErrorCode::kInput, "a push at '{}', moved by {} tokens, ends beyond the transcript's {} tokens",
         name_of(place.at), place.offset, tokens);
  return {.push = {push},
          .count = read.end - push,
          .first_read = std::max<int64_t>(0, read.begin - push),
          .unmoved = std::max<int64_t>(0, push - read.begin),
          .pushed = landed.size()};
}

std::vector<int32_t> next_tokens(const Baseline& baseline, TokenRange positions) {
  std::vector<int32_t> tokens;
  for (int64_t next = positions.begin + 1; next <= positions.end; ++next)
    tokens.push_back(next < baseline.tokens() ? baseline.ids()[static_cast<size_t>(next)] : kNoTarget);
  return tokens;
}

std::vector<int32_t> read_targets(const Baseline& baseline, const ReplayRows& rows) {
  return next_tokens(baseline, {rows.read_position(0).value, rows.push.value + rows.count});
}

std::unique_ptr<Readout> read_baseline(const Model& model, const Baseline& baseline, const ReplayRows& rows,
                                       const ReadoutOptions& options) {
  const ConstMatrix read = baseline.final_normed().rows(rows.read_position(0).value, rows.read());
  return model.backend().make_readout(
      *model.weights().head, read, read_targets(baseline, rows),
      {.temperature = options.temperature, .sampling = sampling_of(rows, options), .asked = options.asked});
}

}  // namespace tugline
