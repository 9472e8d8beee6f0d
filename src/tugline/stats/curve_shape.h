// Where a response curve does something: the epsilon at which it passes a threshold, and the one at which it leaves the
// quadratic of its small-epsilon end. Both look at positive epsilons only. docs/statistics.md.
#pragma once

#include <optional>
#include <span>

#include "tugline/stats/quadratic_fit.h"

namespace tugline {

// An epsilon that was looked for. Where it is not among the measured ones, on which side it must be.
struct Crossing {
  enum class Place {
    kWithin,  // at `epsilon`
    kBefore,  // passed already at the smallest positive epsilon
    kBeyond,  // not passed at the largest; or there is no positive epsilon
  };
  Place place = Place::kBeyond;
  double epsilon = 0;

  // For quantiles over resamples: minus infinity for kBefore, infinity for kBeyond.
  [[nodiscard]] double on_extended_axis() const;
  [[nodiscard]] std::optional<double> value() const;  // where it is within
};

// The first epsilon at which the response reaches `threshold` > 0, interpolated between its neighbours along a power law,
// that is linearly in log epsilon and log response. `epsilons` ascending, `responses` one each.
[[nodiscard]] Crossing threshold_crossing(std::span<const double> epsilons, std::span<const double> responses,
                                          double threshold);

// The plateau's width: the first epsilon at which the response differs from `quadratic` by more than `tolerance` of it,
// the relative difference interpolated linearly in epsilon. kBefore where it does so at the smallest.
[[nodiscard]] Crossing plateau_end(std::span<const double> epsilons, std::span<const double> responses,
                                   const Quadratic& quadratic, double tolerance);

}  // namespace tugline
