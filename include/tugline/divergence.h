// Computes divergences of next-token distributions from logits, in f64 and without cancellation. The results
// are exact to f64 also for nearly equal distributions, for which the difference of two log-softmaxes is
// rounding noise. Works with logits of any other library. (docs/method.md, "Divergence".)
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "tugline/error.h"

namespace tugline {

// KL(p || q) in nats of each row, with p = softmax(p_logits / temperature) and q = softmax(q_logits /
// temperature). p_logits, q_logits [rows, vocabulary], row by row. Returns [rows]. Thread-safe. Errors
// (kUsage): sizes that differ or are not a multiple of `vocabulary`; a logit that is not finite; a
// temperature that is not positive.
[[nodiscard]] TUGLINE_API std::vector<double> kl(std::span<const double> p_logits,
                                                 std::span<const double> q_logits, int64_t vocabulary,
                                                 double temperature = 1);

// The same for p_logits = base_logits + delta, of which only the difference is given. It is correct for every
// size of delta. delta, base_logits [rows, vocabulary]. Errors: those of kl.
[[nodiscard]] TUGLINE_API std::vector<double> kl_of_difference(std::span<const double> delta,
                                                               std::span<const double> base_logits,
                                                               int64_t vocabulary, double temperature = 1);

}  // namespace tugline
