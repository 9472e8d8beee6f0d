// Causal grouped-query attention over a prefix that all pushes share and each push's own rows.
#pragma once

#include <vector>

#include "tugline/backend/backend.h"

namespace tugline::cpu {

// Memory for the scores, one piece a thread, kept from call to call.
struct AttentionScratch {
  std::vector<std::vector<float>> scores;
};

void attention(const AttentionInputs& inputs, const Matrix& out, AttentionScratch& scratch);

}  // namespace tugline::cpu
