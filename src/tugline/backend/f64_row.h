// The divergence of one row in f64, with plain loops (docs/method.md, "Divergence"). The reference backend
// uses it for every row, the CPU backend for the few rows that f32 sums cannot hold, and the audit for the
// rows that it reruns.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "tugline/backend/backend.h"

namespace tugline {

// The base of a row: its distribution without a push.
struct F64Base {
  std::vector<double> logits;  // [vocabulary], not divided by the temperature
  double temperature = 1;
  double log_normaliser = 0;  // log sum exp(logits / temperature)

  [[nodiscard]] double log_q(size_t token) const { return logits[token] / temperature - log_normaliser; }
};
[[nodiscard]] F64Base f64_base(std::vector<double> logits, double temperature);

// How clear it is which token is the likeliest: in the base or with the push, whichever is less clear. In
// logits.
struct LeadOfLikeliest {
  double margin = 0;         // by how much it leads the next
  double largest_logit = 0;  // the largest |logit| of the tokens that this is about
  double largest_delta = 0;  // and their largest |delta|
};

struct F64Row {
  RowResponse response;
  ByMeasure<double>
      scales{};  // what each measure's rounding is relative to (docs/method.md, "Audit"); not of lists
  LeadOfLikeliest lead;
};

// delta: the pushed logits minus the base's, [vocabulary], not divided by the temperature. target: the
// realised next token, or kNoTarget.
[[nodiscard]] F64Row f64_row(const F64Base& base, std::span<const double> delta, int32_t target,
                             const AskedTokens& asked = {});

// Rows first_row, first_row + 1, ... of pushes over base's rows, push-major, in parallel. deltas [out.size(),
// vocabulary], targets [base.size()].
struct F64Rows {
  std::span<const F64Base> base;
  std::span<const int32_t> targets;
  AskedTokens asked;
};
void f64_rows(const F64Rows& rows, std::span<const double> deltas, int64_t first_row, std::span<F64Row> out);

}  // namespace tugline
