// From a direction and an epsilon to the vector that is added at the site. Whatever the kind of push, it is an added vector in the end,
// computed in f64 without cancellation, so that replays and audits know nothing of kinds (docs/method.md, "Kinds of push").
#pragma once

#include <optional>
#include <vector>

#include "tugline/core/ids.h"
#include "tugline/probe/push_options.h"
#include "tugline/probe/residual_statistics.h"

namespace tugline {

// One push of a unit, by the numbers of its direction and epsilon.
struct PushIndex {
  int32_t direction = 0;
  int32_t epsilon = 0;
  bool operator==(const PushIndex&) const = default;
};

// Where a unit pushes, and what its random numbers are drawn for, besides the seed.
struct UnitSite {
  uint64_t example_hash = 0;  // Example::content_hash
  TokenRange span;
  LayerIndex layer;
  Position position = {};
  std::vector<double> residual = {};              // [hidden]: at the site, without a push
  const ResidualStatistics* residuals = nullptr;  // of the layer; null where the options need none
};

struct PushVector {
  std::vector<double> vector;  // [hidden]: what is added
  double cosine = 0;           // of the push's direction to the residual at the site
};

// The unit vector [hidden] along which a push goes: for an interpolation towards the other residual, for a rotation the one that is given
// to it, before its part along the residual is taken out. Errors (kInput): a direction that lies in the subspace it must be
// orthogonal to; what family_direction and another_residual refuse.
[[nodiscard]] std::vector<double> push_direction(const PushOptions& options, const UnitSite& site,
                                                 PushIndex push);

// Errors: as push_direction; a rotation whose direction is that of the residual.
[[nodiscard]] PushVector push_vector(const PushOptions& options, const UnitSite& site, PushIndex push);

// What the options need of the transcripts' residuals; nothing where they need none.
[[nodiscard]] std::optional<Moments> needed_moments(const PushOptions& options);

// Finds what no push of these options can be. Errors (kUsage): interpolations outside [0, 1], rotations by more than half a turn,
// more principal components than dimensions, options that contradict each other.
void check_push_options(const PushOptions& options, int64_t hidden);

}  // namespace tugline
