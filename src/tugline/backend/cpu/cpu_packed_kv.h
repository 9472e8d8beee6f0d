// A span's keys and values without a push, packed as linear maps of differences: every push and every batch is multiplied by the same.
#pragma once

#include <vector>

#include "tugline/backend/cpu/cpu_linear.h"

namespace tugline::cpu {

class CpuPackedKv final : public PackedKv {
 public:
  // One key-value head. Scores are dq K^T / sqrt(head_dim), the mix is dP V, both over the prefix and the span's rows.
  struct Head {
    OneDnnLinear keys;    // [head_dim] to [first_position + rows]
    OneDnnLinear values;  // and back
  };

  CpuPackedKv(OneDnn& onednn, const AttentionInputs& base, DifferenceProducts products);
  [[nodiscard]] DifferenceProducts products() const { return products_; }
  [[nodiscard]] const Head& head(int64_t kv_head) const { return heads_[static_cast<size_t>(kv_head)]; }
  // Tasks of so many rows can run from now on.
  void prepare_tasks(int64_t rows) const;

 private:
  DifferenceProducts products_;
  std::vector<Head> heads_;
};

}  // namespace tugline::cpu
