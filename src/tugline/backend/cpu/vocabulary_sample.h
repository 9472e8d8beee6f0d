// Which tokens a sampled readout computes: every row's head exactly, and of the others a few, drawn so that sums over them are unbiased
// (docs/method.md, "Sampled vocabulary").
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "tugline/backend/backend.h"

namespace tugline::cpu {

// What a sample is chosen by.
struct SamplingBase {
  std::span<const float> q;  // [rows, vocabulary]
  // The same at temperature 1, where that is another one: which token becomes the likeliest does not depend on the temperature, so that
  // the head holds those that may at every temperature. Or empty.
  std::span<const float> undivided_q = {};
  int64_t rows = 0;
  std::span<const int32_t> certain;      // tokens that are always in the head; kNoTarget stands for no token
  std::span<const float> squared_norms;  // [vocabulary]: of W_U's rows
  double mean_squared_norm = 0;          // of the rows' mean of W_U's rows, over the likeliest tokens
};

struct VocabularySample {
  std::vector<int32_t> tokens;  // the head, ascending; then replicate after replicate, equally many each
  int64_t head = 0;             // how many of them are the head's
  std::vector<float> factors;  // [tokens]: a sum over all tokens is about the sum of factor * term over these

  // Ends of the stretches of `tokens` that are summed apart: the head, then each replicate.
  [[nodiscard]] std::vector<int64_t> segment_ends() const;
};

// The head is the union of every row's likeliest tokens that hold all but `head_remainder` of its mass (in q and in undivided_q), or all but the multiple of it
// that keeps to `most_head`, the certain tokens, and what every replicate would draw. Each replicate is a systematic
// sample of the others with probability proportional to size, the size being sqrt(sum over rows of q^2) * (|w|^2 + |mean w|^2): what
// a token's share in KL, q d^2 / 2, is in proportion to, on average over directions. All of the others are put into the head where they
// are no more than the tail's tokens.
[[nodiscard]] VocabularySample sample_vocabulary(const SamplingBase& base, const TailSampling& sampling);

}  // namespace tugline::cpu
