// The dose: the epsilon at which a response reaches a target, on a curve that is known at some epsilons.
// docs/statistics.md.
#pragma once

#include <optional>
#include <span>

#include "tugline/stats/response_curve.h"

namespace tugline {

// The largest |epsilon| that counts as tiny.
inline constexpr double kLargestTangentEpsilon = 1.0 / 64;

// Which epsilons are looked at.
enum class DoseSide { kPositive, kNegative };

// Whether an epsilon is on the side that is not just there for a tangent: those up to kLargestTangentEpsilon
// reach nothing else.
[[nodiscard]] bool has_side(std::span<const double> epsilons, DoseSide side);

struct Dose {
  enum class Place {
    kMeasured,  // between measured epsilons, or at one
    kBelow,     // below the smallest measured one, where the curve is extrapolated to its quadratic
    kBeyond,    // no measured epsilon of the side reaches the target
  };
  Place place = Place::kBeyond;
  double epsilon = 0;  // with its sign; not of kBeyond
  std::optional<double> interpolation_error =
      {};  // of epsilon; none if the curve has fewer than three points
  // The largest measured response of the side, and its epsilon; 0 if there is none.
  double largest_response = 0;
  double largest_epsilon = 0;

  // For quantiles over resamples: infinity for kBeyond.
  [[nodiscard]] double size_on_extended_axis() const;
};

// The smallest |epsilon| of the side at which `curve` reaches `target` > 0. The first measured epsilon that
// reaches it decides between which two it lies; the curve between them is interpolated.
[[nodiscard]] Dose dose_of(const ResponseCurve& curve, double target, DoseSide side);
// The same without the error, which takes most of the time.
[[nodiscard]] Dose dose_without_error(const ResponseCurve& curve, double target, DoseSide side);

// The validity radius of the quadratic: the smallest |epsilon| of the side at which response / epsilon^2
// differs from its limit at 0 by more than `tolerance` of it. kBelow if it is below the smallest measured
// epsilon; kBeyond if no measured one differs so much.
[[nodiscard]] Dose quadratic_radius(const ResponseCurve& curve, double tolerance, DoseSide side);

}  // namespace tugline
