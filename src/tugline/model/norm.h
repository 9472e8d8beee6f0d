// A norm of the model's kind, on values and on differences.
#pragma once

#include <memory>

#include "tugline/backend/backend.h"
#include "tugline/model/config.h"

namespace tugline {

struct NormWeights {
  std::unique_ptr<Buffer> weight;  // [1, columns of what is normed]
  std::unique_ptr<Buffer> bias;    // the same; of a LayerNorm only
};

class Norm {
 public:
  // Borrows all of its arguments.
  Norm(const ModelConfig& config, const NormWeights& weights, Backend& backend)
      : config_(config), weights_(weights), backend_(backend) {}

  // out = norm(x), over each run of as many columns as the weight has. out may be x.
  void apply(const ConstMatrix& x, const Matrix& out) const;
  // out = norm(base + d) - norm(base).  base [rows, n], d and out [pushes * rows, n]; out may be d.
  void apply_difference(const ConstMatrix& base, const ConstMatrix& d, const Matrix& out) const;

 private:
  const ModelConfig& config_;
  const NormWeights& weights_;
  Backend& backend_;
};

}  // namespace tugline
