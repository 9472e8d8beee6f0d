// Attention on differences: over the keys and values of the base, which all pushes share, and over each
// push's differences from them. Compare cpu_attention.h.
#pragma once

#include <vector>

#include "tugline/backend/cpu/cpu_buffer.h"
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

// Keeps the queries and the attention weights, besides the packed keys and values.
struct CpuAttentionTrace final : AttentionTrace {
  CpuAttentionTrace(OneDnn& onednn, const AttentionInputs& base, DifferenceProducts products);
  HeadShape shape;
  CpuPackedKv kv;
  CpuBuffer q;  // [rows, num_heads * head_dim]
  CpuBuffer
      probabilities;  // [num_heads * rows, first_position + rows]: head by head; 0 where a row does not see
};

void attention_difference(const CpuAttentionTrace& base, const AttentionDifferences& d, const Matrix& out,
                          std::vector<AttentionDifferenceScratch>& scratch);

}  // namespace tugline::cpu
