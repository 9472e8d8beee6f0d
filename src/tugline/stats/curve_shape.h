// Finds two epsilons of a response curve: the one at which it reaches a threshold, and the one at which it
// leaves the quadratic of its small-epsilon end. Both consider positive epsilons only. docs/statistics.md.
#pragma once

#include <optional>
#include <span>

#include "tugline/stats/quadratic_fit.h"

namespace tugline {

// An epsilon that was looked for. If it is not between measured ones, the side on which it must be.
struct Crossing {
  enum class Place {
    kWithin,  // at `epsilon`
    kBefore,  // already passed at the smallest positive epsilon
    kBeyond,  // not passed at the largest, or there is no positive epsilon
  };
  Place place = Place::kBeyond;
  double epsilon = 0;

  // For quantiles over resamples: minus infinity for kBefore, infinity for kBeyond.
  [[nodiscard]] double on_extended_axis() const;
  [[nodiscard]] std::optional<double> value() const;  // no value unless kWithin
};

// The first epsilon at which the response reaches `threshold` > 0, interpolated linearly in log epsilon and
// log response. `epsilons` are ascending; `responses` has one for each.
[[nodiscard]] Crossing threshold_crossing(std::span<const double> epsilons, std::span<const double> responses,
                                          double threshold);

// The plateau's width: the first epsilon at which the response differs from `quadratic` by more than
// `tolerance` of it, the relative difference interpolated linearly in epsilon. kBefore if it does so at the
// smallest.
[[nodiscard]] Crossing plateau_end(std::span<const double> epsilons, std::span<const double> responses,
                                   const Quadratic& quadratic, double tolerance);

}  // namespace tugline
