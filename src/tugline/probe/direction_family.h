// Families of directions: what a random direction is drawn from (docs/method.md, "Directions"). Each is a pure function of its key and
// of the residuals' statistics; those of isotropic and mean-centred ones of the key alone.
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
  kMeanCentred,  // normals less their own mean: uniform on the sphere of vectors whose components sum to zero
  kCovarianceDiagonal,  // normals with the variances of the residuals' components
  kCovariance,          // normals with the residuals' covariance
  kDifference,          // from one real residual to another
  kPrincipal,           // direction n is the n-th principal component; the same at every site of a layer
};

[[nodiscard]] std::string_view name_of(DirectionFamily family);  // as --direction-family has it
// Errors (kUsage): a name that is none, naming all of them.
[[nodiscard]] DirectionFamily parse_direction_family(std::string_view name);

// What a family needs of the transcripts' residuals; nothing for those that are made of random numbers alone.
[[nodiscard]] std::optional<Moments> needed_moments(DirectionFamily family);

// A unit vector [size]. `residuals` of the pushed layer may be null where the family needs none. Errors (kInput): a principal component
// that the residuals do not have; no two residuals that differ.
[[nodiscard]] std::vector<double> family_direction(DirectionFamily family, const DirectionKey& key,
                                                   int64_t size, const ResidualStatistics* residuals);

// A real residual that differs from the one at `own_position` of the key's example, which has `own` values: what an interpolation goes
// to. Errors (kInput): there is none.
[[nodiscard]] const RealResidual& another_residual(const DirectionKey& key, int64_t own_position,
                                                   const std::vector<double>& own,
                                                   const ResidualStatistics& residuals);

}  // namespace tugline
