// A span's keys and values without a push, packed as linear maps. The differences of every push and batch are
// multiplied by them.
#pragma once

#include <vector>

#include "tugline/backend/cpu/cpu_linear.h"

namespace tugline::cpu {

class CpuPackedKv {
 public:
  // One key-value head. `keys` gives the scores, scale dq K^T, `values` the mix dP V, over the prefix and the
  // span's rows.
  struct Head {
    OneDnnLinear keys;    // [head_dim] to [first_position + rows]
    OneDnnLinear values;  // and back
  };

  CpuPackedKv(OneDnn& onednn, const AttentionInputs& base, DifferenceProducts products);
  [[nodiscard]] DifferenceProducts products() const { return products_; }
  [[nodiscard]] const Head& head(int64_t kv_head) const { return heads_[static_cast<size_t>(kv_head)]; }
  // Prepares products of tasks with this number of rows.
  void prepare_tasks(int64_t rows) const;

 private:
  DifferenceProducts products_;
  std::vector<Head> heads_;
};

}  // namespace tugline::cpu
