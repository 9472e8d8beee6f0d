// Computes the divergence of pushes from a base as a notebook does: from two sets of logits, each with its
// own log-softmax. For comparison only: if the two nearly agree, their difference is mostly rounding
// (docs/method.md, "Precision").
#pragma once

#include <span>

#include "tugline/backend/cpu/bf16.h"
#include "tugline/backend/cpu/cpu_divergence.h"

namespace tugline::cpu {

struct LogitSettings {
  Stores stores;           // how logits are stored
  double temperature = 1;  // divides the logits, in f32
  AskedTokens asked = {};
};

// Implements Backend::submit_comparison. out [x.rows - targets.size()]
void value_divergence(const CpuHead& head, const ConstMatrix& x, std::span<const int32_t> targets,
                      LogitSettings settings, std::span<RowResponse> out);

}  // namespace tugline::cpu
