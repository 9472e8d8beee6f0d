// The divergence of one row in f64 (docs/method.md, "Divergence"), with plain loops: what the reference backend makes of every row, the
// CPU backend of the few that f32 sums cannot hold, and the audit of the rows that it reruns.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "tugline/backend/backend.h"

namespace tugline {

// A row without a push.
struct F64Base {
  std::vector<double> logits;  // [vocabulary], not divided by the temperature
  double temperature = 1;
  double log_normaliser = 0;  // log sum exp(logits / temperature)

  [[nodiscard]] double log_q(size_t token) const { return logits[token] / temperature - log_normaliser; }
};
[[nodiscard]] F64Base f64_base(std::vector<double> logits, double temperature);

// delta: the pushed logits minus the base's, [vocabulary], not divided by the temperature. target: the realised next token, or kNoTarget.
[[nodiscard]] RowResponse f64_response(const F64Base& base, std::span<const double> delta, int32_t target);

}  // namespace tugline
