// The divergence of pushes from a base as a notebook computes it: from two sets of logits, each through its own log-softmax.
// For comparison only: where the two nearly agree, what their difference holds is rounding (docs/method.md, "Precision").
#pragma once

#include <span>

#include "tugline/backend/cpu/bf16.h"
#include "tugline/backend/cpu/cpu_divergence.h"

namespace tugline::cpu {

// Backend::compare; `stores` says how logits are kept.
void value_divergence(const CpuHead& head, const Matrix& x, std::span<const int32_t> targets, Stores stores,
                      std::span<RowResponse> out);

}  // namespace tugline::cpu
