// The divergence of pushes from a base as a notebook computes it: from two sets of logits, each through its own log-softmax.
// For comparison only: where the two nearly agree, what their difference holds is rounding (docs/method.md, "Precision").
#pragma once

#include <span>

#include "tugline/backend/cpu/bf16.h"
#include "tugline/backend/cpu/cpu_divergence.h"

namespace tugline::cpu {

struct LogitSettings {
  Stores stores;           // how logits are kept
  double temperature = 1;  // they are divided by it, in f32
  AskedTokens asked = {};
};

// Backend::compare.
void value_divergence(const CpuHead& head, const Matrix& x, std::span<const int32_t> targets,
                      LogitSettings settings, std::span<RowResponse> out);

}  // namespace tugline::cpu
