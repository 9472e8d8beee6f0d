// Attention on differences: over the prefix that all pushes share, and each push's own rows. Read beside cpu_attention.
#pragma once

#include <vector>

#include "tugline/backend/backend.h"
#include "tugline/backend/cpu/aligned_floats.h"

namespace tugline::cpu {

// Memory of one thread, kept from call to call: scores, and keys and values after the push.
struct AttentionDifferenceScratch {
  FloatRoom scores;
  FloatRoom keys;
  FloatRoom values;
};

void attention_difference(const AttentionDifferences& inputs, const Matrix& out,
                          std::vector<AttentionDifferenceScratch>& scratch);

// The base's attention weights: AttentionBase::probabilities.
void attention_probabilities(const AttentionInputs& inputs, const Matrix& out);

}  // namespace tugline::cpu
