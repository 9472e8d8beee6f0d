#include "tugline/probe/readout.h"

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

ReplayRows replay_rows(TokenRange span, ReadoutKind readout, int64_t tokens) {
  if (span.size() <= 0) fail(ErrorCode::kInput, "the span [{}, {}) is empty", span.begin, span.end);
  if (span.begin <= 0)
    fail(ErrorCode::kInput,
         "the span [{}, {}) begins at the transcript's first token; a push needs a token before it",
         span.begin, span.end);
  if (span.end > tokens)
    fail(ErrorCode::kInput, "the span [{}, {}) ends beyond the transcript's {} tokens", span.begin, span.end,
         tokens);
  const Position push{span.begin - 1};
  if (readout == ReadoutKind::kPredicting) return {.push = push, .count = span.size(), .first_read = 0};
  return {.push = push, .count = span.size() + 1, .first_read = 1};
}

std::vector<int32_t> read_targets(const Baseline& baseline, const ReplayRows& rows) {
  std::vector<int32_t> targets;
  for (int64_t i = 0; i < rows.read(); ++i) {
    const int64_t next = rows.read_position(i).value + 1;
    targets.push_back(next < baseline.tokens() ? baseline.ids()[static_cast<size_t>(next)] : kNoTarget);
  }
  return targets;
}

std::unique_ptr<Readout> read_baseline(const Model& model, const Baseline& baseline, const ReplayRows& rows,
                                       const ReadoutOptions& options) {
  const Matrix read = baseline.final_normed().rows(rows.read_position(0).value, rows.read());
  return model.backend().make_readout(
      *model.weights().head, read, read_targets(baseline, rows),
      {.temperature = options.temperature, .sampling = sampling_of(rows, options)});
}

}  // namespace tugline
