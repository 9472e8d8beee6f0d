// From a row's sums over the vocabulary to its responses, and the decision whether the sums hold them. A
// backend adds up the sums, in whatever order and memory suits its device; what follows from them is the same
// for every backend (docs/method.md, "Divergence").
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "tugline/core/measures.h"

namespace tugline {

// What a pass over the vocabulary knows about a row beforehand.
struct DivergenceOrigin {
  float scale = 1;            // 1 / temperature
  float shift = 0;            // d = scale * delta - shift, with E_q[d] about 0
  float log_z = 0;            // about log E_q[e^d]; u = d - log_z is about log p - log q
  float surprisal_shift = 0;  // log q + H(q) = scale * logit - surprisal_shift
  // A power of two. A pass takes squares of lift * d and lift * u, so that those of tiny values stay in f32's
  // range.
  float lift = 1;
};

// The sums of one row over some of its tokens; r = e^u, l = log((1 + r) / 2). In a pass, the four marked sums
// are lift^2 times as large.
struct DivergenceSums {
  double forward = 0;    // lifted: sum q (d e^d - e^d + 1)
  double backward = 0;   // lifted: sum q (e^d - 1 - d)
  double mean = 0;       // sum q d
  double js = 0;         // lifted: sum q (r u - (1 + r) l) / 2
  double js_slope = 0;   // lifted: sum q (r (u - l) - (r - 1) / 2)
  double rise = 0;       // sum q (e^d - 1) over the tokens of u > 0
  double risen = 0;      // sum q over these tokens
  double surprisal = 0;  // sum q (e^d - 1) (log q + H(q))

  void add(const DivergenceSums& other, double factor = 1);
  // The sums without the lift of the pass that added them up.
  [[nodiscard]] DivergenceSums lowered(float lift) const;

  [[nodiscard]] double z() const { return backward + mean; }  // E_q[e^d] - 1
  // KL(p||q) = E_q[d e^d - e^d + 1] / (1 + Z) + Z / (1 + Z) - log(1 + Z).
  [[nodiscard]] double kl() const;
  // KL(q||p) = log(1 + Z) - E_q[d].
  [[nodiscard]] double kl_reverse() const;
  // For a pass whose u was too large by eta.
  [[nodiscard]] double jensen_shannon(double eta) const;
  // p - q over the tokens that rise: q (e^d - Z) / Z.
  [[nodiscard]] double total_variation() const;
  // Whether f32 passes cannot hold the row: e^d left their range, or 1 + Z is the small difference of large
  // sums, because many likely tokens became far less likely.
  [[nodiscard]] bool are_lossy() const;
};

// A row's sums, apart for the tokens that are certain to be in a sample (or all of the vocabulary) and for
// each replicate of the others.
struct SegmentSums {
  std::array<DivergenceSums, 1 + kTailReplicates> segments{};

  [[nodiscard]] DivergenceSums tail() const;
  [[nodiscard]] DivergenceSums total() const;
  // As if replicate g had not been drawn: the others stand for it. `tail` is tail().
  [[nodiscard]] DivergenceSums without(size_t g, const DivergenceSums& tail) const;
};

// What a row needs after a pass that gave it these sums in total, from an origin with this log Z.
enum class NextPass {
  kNone,   // its responses follow from the sums
  kAgain,  // one more, from the log Z of these sums: the origin's was too far off
  kInF64,  // its logits, in f64
};
[[nodiscard]] NextPass next_pass(const DivergenceSums& total, float log_z);

// What a pass finds in single tokens.
struct PassTokens {
  bool is_flip = false;    // the likeliest token is another one than in the base
  float target_delta = 0;  // d of the realised next token; NaN if the row has no next token
};

// The responses of a row, without those of AskedTokens.
[[nodiscard]] RowResponse response_of(const DivergenceSums& total, float log_z, const PassTokens& tokens);

}  // namespace tugline
