// Causal grouped-query attention over a prefix that all pushes share and each push's own rows.
#pragma once

#include <vector>

#include "tugline/backend/backend.h"
#include "tugline/backend/cpu/bf16.h"

namespace tugline::cpu {

// Memory for the scores, one piece a thread, kept from call to call.
struct AttentionScratch {
  std::vector<std::vector<float>> scores;
};

// kRoundedToBf16 rounds scores, weights and results, and gives a push the same bits whatever is beside it in the batch.
void attention(const AttentionInputs& inputs, const Matrix& out, AttentionScratch& scratch,
               Stores stores = Stores::kF32);

}  // namespace tugline::cpu
