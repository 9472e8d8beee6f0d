// Families of directions: the distributions from which random directions are drawn (docs/method.md,
// "Directions"). A direction is a pure function of its key and the residuals' statistics; isotropic and
// mean-centred ones depend on the key only.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "tugline/probe/direction.h"
#include "tugline/probe/residual_statistics.h"

namespace tugline {

enum class DirectionFamily {
  kIsotropic,    // uniform on the sphere
  kMeanCentred,  // normals minus their own mean: uniform on the sphere of vectors whose components sum to
                 // zero
  kCovarianceDiagonal,  // normals with the variances of the residuals' components
  kCovariance,          // normals with the residuals' covariance
  kDifference,          // from one real residual to another
  kPrincipal,           // direction n is the n-th principal component; the same at every site of a layer
};

[[nodiscard]] std::string_view name_of(DirectionFamily family);  // the name in --direction-family
// Errors (kUsage): an unknown name; the message lists all names.
[[nodiscard]] DirectionFamily parse_direction_family(std::string_view name);

// What a family needs of the transcripts' residuals; no value if it needs only random numbers.
[[nodiscard]] std::optional<Moments> needed_moments(DirectionFamily family);

// A unit vector [size]. `residuals` are the pushed layer's; they may be null if the family needs none. Errors
// (kInput): a principal component that the residuals do not have; fewer than two different residuals.
[[nodiscard]] std::vector<double> family_direction(DirectionFamily family, const DirectionKey& key,
                                                   int64_t size, const ResidualStatistics* residuals);

// A real residual, towards which an interpolation goes. It differs from the residual at `own_position` of the
// key's example, whose values are `own`. Errors (kInput): there is none.
[[nodiscard]] const RealResidual& another_residual(const DirectionKey& key, int64_t own_position,
                                                   const std::vector<double>& own,
                                                   const ResidualStatistics& residuals);

}  // namespace tugline
