// Chooses the tokens that a sampled readout computes: every row's head exactly, and a few of the others,
// drawn so that sums over them are unbiased (docs/method.md, "Sampled vocabulary").
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "tugline/backend/backend.h"

namespace tugline::cpu {

// The data by which a sample is chosen.
struct SamplingBase {
  std::span<const float> q;  // [rows, vocabulary]
  // The same at temperature 1, or empty if the temperature is 1. Which token is the likeliest does not depend
  // on the temperature, so the head also holds the likeliest tokens at temperature 1.
  std::span<const float> undivided_q = {};
  int64_t rows = 0;
  std::span<const int32_t> certain;      // tokens that are always in the head; kNoTarget means no token
  std::span<const float> squared_norms;  // [vocabulary]: of W_U's rows
  double mean_squared_norm = 0;          // of the mean of W_U's rows over the likeliest tokens
};

struct VocabularySample {
  std::vector<int32_t> tokens;  // the head, ascending; then the replicates, all of one size
  int64_t head = 0;             // the number of tokens in the head
  std::vector<float> factors;  // [tokens]: a sum over all tokens is about the sum of factor * term over these

  // Ends of the ranges of `tokens` that are summed separately: the head, then each replicate.
  [[nodiscard]] std::vector<int64_t> segment_ends() const;
};

// Draws a sample. The head is the union of the certain tokens, the tokens that every replicate would draw,
// and every row's likeliest tokens that hold all but `head_remainder` of its mass (in q and in undivided_q);
// the remainder is doubled until the head has at most `most_head` tokens. Each replicate is a systematic
// sample of the other tokens, with probability proportional to sqrt(sum over rows of q^2) * (|w|^2 + |mean
// w|^2). On average over directions, a token's share in KL, q d^2 / 2, is proportional to that size. If there
// are no more other tokens than the tail should have, all of them are put into the head.
[[nodiscard]] VocabularySample sample_vocabulary(const SamplingBase& base, const TailSampling& sampling);

}  // namespace tugline::cpu
