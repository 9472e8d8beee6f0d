// Directions: unit vectors in the space of the residual stream, random or supplied. A random one is a pure
// function of seed, example, span, layer, direction number and, if each epsilon has its own directions, the
// epsilon. It does not depend on which other examples, layers, epsilons or directions run, or on order,
// threads or batch size.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tugline/core/ids.h"
#include "tugline/files/direction_file.h"

namespace tugline {

// The identity of a random direction.
struct DirectionKey {
  uint64_t seed = 42;
  uint64_t example_hash = 0;  // Example::content_hash
  TokenRange span;
  LayerIndex layer;
  int32_t direction = 0;
  double epsilon = 0;  // 0 if directions are common to all epsilons
};

// `size` normals, normalised in f64; uniform on the sphere.
[[nodiscard]] std::vector<double> isotropic_direction(const DirectionKey& key, int64_t size);

// A null direction for supplied vectors: isotropic, and a function of only the seed and its number, because a
// supplied vector is also the same at every site. Under the null hypothesis a supplied vector is exchangeable
// with these.
[[nodiscard]] std::vector<double> null_direction(uint64_t seed, int32_t number, int64_t size);

// The rows as unit vectors. Errors (kInput): a width other than `size`, a row of zeros.
[[nodiscard]] std::vector<std::vector<double>> unit_rows(const DirectionArray& array, int64_t size);

}  // namespace tugline
