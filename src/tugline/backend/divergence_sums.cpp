#include "tugline/backend/divergence_sums.h"

#include <algorithm>
#include <cmath>

namespace tugline {
namespace {

// Z is then about as large as the rounding of `mean`, and would cancel against its own logarithm. Taylor's
// series takes its place; the rest is below 1e-16 of KL.
bool is_tiny(double z) { return std::abs(z) < 1e-8; }

}  // namespace

void DivergenceSums::add(const DivergenceSums& other, double factor) {
  forward += factor * other.forward;
  backward += factor * other.backward;
  mean += factor * other.mean;
  js += factor * other.js;
  js_slope += factor * other.js_slope;
  rise += factor * other.rise;
  risen += factor * other.risen;
  surprisal += factor * other.surprisal;
}

DivergenceSums DivergenceSums::lowered(float lift) const {
  const double by = 1 / (static_cast<double>(lift) * static_cast<double>(lift));
  return {forward * by, backward * by, mean, js * by, js_slope * by, rise, risen, surprisal};
}

double DivergenceSums::kl() const {
  if (is_tiny(z())) return forward / (1 + z()) - z() * z() * (0.5 - 2 * z() / 3);
  return forward / (1 + z()) + (z() / (1 + z()) - std::log1p(z()));
}

double DivergenceSums::kl_reverse() const {
  return is_tiny(z()) ? backward - z() * z() * (0.5 - z() / 3) : std::log1p(z()) - mean;
}

// Taylor's series in eta to the second order. The second derivative is slope + sum q r / (1 + r) / 2; that
// sum is (1 - triangular discrimination) / 2, and the discrimination is about 2 JS.
double DivergenceSums::jensen_shannon(double eta) const {
  const double slope = js_slope / 2 + std::expm1(eta) / 4;
  return js - eta * slope + eta * eta / 2 * (slope + (1 - std::min(1.0, 2 * js)) / 4);
}

double DivergenceSums::total_variation() const { return (rise - z() * risen) / (1 + z()); }

bool DivergenceSums::are_lossy() const {
  if (!std::isfinite(forward) || !std::isfinite(backward)) return true;
  constexpr double kMostLoss = 16;  // sums are right to 1e-7, so 1 + Z to 2e-6
  return backward + std::abs(mean) > kMostLoss * (1 + z());
}

DivergenceSums SegmentSums::tail() const {
  DivergenceSums sums;
  for (size_t g = 1; g < segments.size(); ++g) sums.add(segments[g]);
  return sums;
}

DivergenceSums SegmentSums::total() const {
  DivergenceSums sums = segments[0];
  sums.add(tail());
  return sums;
}

DivergenceSums SegmentSums::without(size_t g, const DivergenceSums& tail) const {
  constexpr double kShare = static_cast<double>(kTailReplicates) / (kTailReplicates - 1);
  DivergenceSums sums = segments[0];
  sums.add(tail, kShare);
  sums.add(segments[1 + g], -kShare);
  return sums;
}

// eta, by which the origin's log Z was off, must have a square that is a small part of the variance of d,
// which is about KL both ways.
NextPass next_pass(const DivergenceSums& total, float log_z) {
  if (total.are_lossy()) return NextPass::kInF64;
  constexpr double kMostShare = 2.5e-4;
  // Beyond this variance JS and TV are near their largest values, and grow no more.
  constexpr double kMostVariance = 4;
  const double eta = std::log1p(total.z()) - log_z;
  return eta * eta > kMostShare * std::min(kMostVariance, total.kl() + total.kl_reverse()) ? NextPass::kAgain
                                                                                           : NextPass::kNone;
}

RowResponse response_of(const DivergenceSums& total, float log_z, const PassTokens& tokens) {
  const double exact_log_z = std::log1p(total.z());
  const double kl = total.kl();
  return {.kl = kl,
          .kl_reverse = total.kl_reverse(),
          .delta_logprob = tokens.target_delta - exact_log_z,
          .top1_flip = flag(tokens.is_flip),
          .js = total.jensen_shannon(exact_log_z - log_z),
          .total_variation = total.total_variation(),
          .entropy_change = -total.surprisal / (1 + total.z()) - kl};
}

}  // namespace tugline
