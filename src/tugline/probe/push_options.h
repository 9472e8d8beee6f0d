// The options that decide which pushes a unit makes. They are the same for every unit of a run.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tugline/probe/direction_family.h"
#include "tugline/probe/supplied_directions.h"
#include "tugline/store/records.h"

namespace tugline {

// kCommon: the same directions at every epsilon, so that a curve is smooth. kIndependent: new ones at each
// epsilon.
enum class DirectionSharing { kCommon, kIndependent };

enum class PushKind {
  kAdditive,       // h + epsilon rms(h) v
  kRotation,       // h turned towards v, so that it moves as far as by an addition
  kInterpolation,  // h + epsilon (h' - h), h' another real residual of the layer
};
[[nodiscard]] std::string_view name_of(PushKind kind);  // the name in --push
// Errors (kUsage): an unknown name.
[[nodiscard]] PushKind parse_push_kind(std::string_view name);

// What directions are made orthogonal to.
enum class Orthogonal { kToNothing, kToResidual, kToSubspace };

struct PushOptions {
  std::vector<double> epsilons;  // in units of the residual's RMS at the site
  int32_t directions = 8;        // random ones; the number of rows if they are supplied
  uint64_t seed = 42;
  DirectionSharing sharing = DirectionSharing::kCommon;
  SuppliedDirections supplied = {};                      // empty for random directions
  DirectionFamily family = DirectionFamily::kIsotropic;  // of random directions
  PushKind kind = PushKind::kAdditive;
  Orthogonal orthogonal = Orthogonal::kToNothing;
  UnitRows subspace = {};                // for kToSubspace: orthonormal rows [hidden]
  DirectionOrigin subspace_origin = {};  // of their file
  int32_t null_directions =
      0;  // random isotropic ones beside the supplied; their numbers follow those of the supplied ones
};

// The directions of a unit, with the null directions.
[[nodiscard]] inline int32_t all_directions(const PushOptions& options) {
  return options.directions + options.null_directions;
}
[[nodiscard]] inline DirectionSet set_of(const PushOptions& options, int32_t direction) {
  return options.supplied.empty() || direction < options.directions ? DirectionSet::kMain
                                                                    : DirectionSet::kNull;
}

// Every push of a unit, with epsilons in the order given.
[[nodiscard]] PushGrid whole_grid(const PushOptions& options);

// What directions are orthogonal to, for a run's identity: "nothing", "residual", or "file" and a hash of its
// subspace's basis.
[[nodiscard]] std::string orthogonal_text(const PushOptions& options);

}  // namespace tugline
