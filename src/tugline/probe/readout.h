// The base of a readout: the distributions of the rows that are read without a push, and the realised tokens.
#pragma once

#include <memory>
#include <vector>

#include "tugline/backend/backend.h"
#include "tugline/core/ids.h"
#include "tugline/probe/baseline.h"
#include "tugline/probe/replay_rows.h"

namespace tugline {

// kExact: divergences over the whole vocabulary. kSampled: each row's likeliest tokens exactly, and a sample
// of the others.
enum class Vocabulary { kExact, kSampled };
[[nodiscard]] const char* name_of(Vocabulary vocabulary);  // "exact", "sampled"

// Parameters of the sample: the base mass that each row's head leaves out, the largest number of tokens in
// all heads together, and the number of tokens drawn from the rest. docs/method.md, "Sampled vocabulary",
// says why.
inline constexpr double kHeadRemainder = 1e-3;
inline constexpr int64_t kMostHead = 8192;
inline constexpr int64_t kTailTokens = 2048;

// How distributions are compared. Seed and example key the sample, together with the span.
struct ReadoutOptions {
  Vocabulary vocabulary = Vocabulary::kExact;
  uint64_t seed = 42;
  uint64_t example_hash = 0;
  double temperature = 1;  // logits are divided by it
  AskedTokens asked = {};
  // What a unit measures with these options.
  [[nodiscard]] AskedMeasures measures() const {
    return {.answers = asked.answers.has_value(), .moved_tokens = asked.moved};
  }
};

// The realised next token of each position; kNoTarget for the transcript's very last one, which has none.
[[nodiscard]] std::vector<int32_t> next_tokens(const Baseline& baseline, TokenRange positions);

// The realised next tokens of the rows that are read.
[[nodiscard]] std::vector<int32_t> read_targets(const Baseline& baseline, const ReplayRows& rows);

// The base distributions of the rows that are read. Errors: kUnsupported if sampling is requested and the
// backend has none.
[[nodiscard]] std::unique_ptr<Readout> read_baseline(const Model& model, const Baseline& baseline,
                                                     const ReplayRows& rows,
                                                     const ReadoutOptions& options = {});

}  // namespace tugline
