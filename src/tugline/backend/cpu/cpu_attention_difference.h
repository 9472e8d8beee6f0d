// Attention on differences: over the keys and values of the base, which all pushes share, and over each push's differences from them.
// Compare cpu_attention.h.
#pragma once

#include <vector>

#include "tugline/backend/cpu/cpu_packed_kv.h"

namespace tugline::cpu {

// Memory of one thread, kept between calls.
struct AttentionDifferenceScratch {
  explicit AttentionDifferenceScratch(DifferenceProducts products) : operands(products) {}
  DifferenceOperands operands;
  FloatRoom scores;
  FloatRoom mixed;
  FloatRoom moved;
};

// Requires that inputs.base.kv is a CpuPackedKv.
void attention_difference(const AttentionDifferences& inputs, const Matrix& out,
                          std::vector<AttentionDifferenceScratch>& scratch);

// The base's attention weights: AttentionBase::probabilities.
void attention_probabilities(const AttentionInputs& inputs, const Matrix& out);

}  // namespace tugline::cpu
