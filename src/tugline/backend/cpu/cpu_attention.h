// Causal grouped-query attention over a prefix that all pushes share and each push's own rows.
#pragma once

#include <vector>

#include "tugline/backend/backend.h"
#include "tugline/backend/cpu/bf16.h"

namespace tugline::cpu {

// Memory for the scores, one piece per thread, kept between calls.
struct AttentionScratch {
  std::vector<std::vector<float>> scores;
};

// kRoundedToBf16 rounds scores, weights and results. A push then has the same bits in every batch.
void attention(const AttentionInputs& inputs, const Matrix& out, AttentionScratch& scratch,
               Stores stores = Stores::kF32);

}  // namespace tugline::cpu
