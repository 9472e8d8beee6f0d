// The tangent of a response curve at epsilon 0: the limit of KL / (epsilon^2 / 2), which is v'Fv for a push
// along v, with F the Fisher information; and the effective rank of F, from the spread of v'Fv over random
// directions. docs/statistics.md.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "tugline/stats/dose.h"

namespace tugline {

// The epsilon of the pushes from which tangents are measured. It is small enough that the curve's own slope
// changes KL / epsilon^2 by little, which pushes of both signs cancel besides; and large enough that f32's
// error was measured there (docs/method.md).
inline constexpr double kTangentEpsilon = 1.0 / 512;
// The relative difference from the quadratic at which its validity ends.
inline constexpr double kTangentTolerance = 0.05;

[[nodiscard]] bool has_tangent(std::span<const double> epsilons);

struct Tangent {
  double curvature = 0;                        // v'Fv, nats
  std::optional<double> curvature_error = {};  // of it
  double predicted =
      0;  // sqrt(2 target / curvature): the |epsilon| at which the quadratic reaches the target
  std::optional<double> measured_over_predicted = {};  // of the dose; none if the target is not reached
  Dose radius = {};  // where the curve leaves the quadratic by kTangentTolerance
};

// `dose` is the curve's on the side. Requires points in the curve.
[[nodiscard]] Tangent tangent_of(const ResponseCurve& curve, double target, DoseSide side, const Dose& dose);

// The curvatures along the random directions of one span.
struct SpanCurvatures {
  int64_t example = 0;
  std::vector<double> values = {};  // two at least
};

struct EffectiveRank {
  std::optional<double> rank = {};  // (tr F)^2 / tr F^2; none if it cannot be estimated
  std::optional<double> low = {};   // 95 %
  std::optional<double> high = {};
  int64_t spans = 0;
  int64_t directions = 0;  // of the span that has the fewest
};

// The directions are independent and uniform on the unit sphere of `dimensions` dimensions. `spans` are
// sorted by example.
[[nodiscard]] EffectiveRank effective_rank(std::span<const SpanCurvatures> spans, int64_t dimensions);

}  // namespace tugline
