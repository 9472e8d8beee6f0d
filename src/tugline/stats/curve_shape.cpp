#include "tugline/stats/curve_shape.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <limits>

namespace tugline {
namespace {

size_t first_positive(std::span<const double> epsilons) {
  return static_cast<size_t>(std::upper_bound(epsilons.begin(), epsilons.end(), 0.0) - epsilons.begin());
}

// Walks up the positive epsilons to the first i that `is_past`; there `interpolate(i - 1, i)` gives the
// epsilon.
template <typename IsPast, typename Interpolate>
Crossing first_passage(std::span<const double> epsilons, IsPast is_past, Interpolate interpolate) {
  const size_t first = first_positive(epsilons);
  for (size_t i = first; i < epsilons.size(); ++i) {
    if (!is_past(i)) continue;
    if (i == first) return {.place = Crossing::Place::kBefore};
    return {.place = Crossing::Place::kWithin, .epsilon = interpolate(i - 1, i)};
  }
  return {.place = Crossing::Place::kBeyond};
}

// A curve that is 0 has nothing to leave; one that should be 0 and is not has left it altogether.
double relative_difference(double response, double expected) {
  if (response == expected) return 0;
  return expected > 0 ? std::abs(response / expected - 1) : std::numeric_limits<double>::infinity();
}

}  // namespace

double Crossing::on_extended_axis() const {
  switch (place) {
    case Place::kWithin:
      return epsilon;
    case Place::kBefore:
      return -std::numeric_limits<double>::infinity();
    case Place::kBeyond:
      return std::numeric_limits<double>::infinity();
  }
  return epsilon;
}

std::optional<double> Crossing::value() const {
  return place == Place::kWithin ? std::optional(epsilon) : std::nullopt;
}

Crossing threshold_crossing(std::span<const double> epsilons, std::span<const double> responses,
                            double threshold) {
  assert(epsilons.size() == responses.size() && threshold > 0);
  return first_passage(
      epsilons, [&](size_t i) { return responses[i] >= threshold; },
      [&](size_t low, size_t high) {
        if (responses[low] <= 0) return epsilons[high];  // no power law leads from 0 to it
        const double part = std::log(threshold / responses[low]) / std::log(responses[high] / responses[low]);
        return epsilons[low] * std::pow(epsilons[high] / epsilons[low], part);
      });
}

Crossing plateau_end(std::span<const double> epsilons, std::span<const double> responses,
                     const Quadratic& quadratic, double tolerance) {
  assert(epsilons.size() == responses.size() && tolerance > 0);
  const auto difference = [&](size_t i) {
    return relative_difference(responses[i], quadratic.at(epsilons[i]));
  };
  return first_passage(
      epsilons, [&](size_t i) { return difference(i) > tolerance; },
      [&](size_t low, size_t high) {
        const double before = difference(low);
        if (std::isinf(difference(high))) return epsilons[high];
        const double part = (tolerance - before) / (difference(high) - before);
        return epsilons[low] + part * (epsilons[high] - epsilons[low]);
      });
}

}  // namespace tugline
