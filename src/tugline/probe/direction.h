// Directions: unit vectors in the residual stream's space, random or supplied. A random one is a pure function of (seed, example,
// span, layer, direction number, and epsilon's number where each epsilon has fresh ones): which other examples run,
// order, threads and batch size do not matter.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tugline/core/ids.h"
#include "tugline/files/direction_file.h"

namespace tugline {

// What a random direction is drawn for.
struct DirectionKey {
  uint64_t seed = 42;
  uint64_t example_hash = 0;  // Example::content_hash
  TokenRange span;
  LayerIndex layer;
  int32_t direction = 0;
  int32_t epsilon_index = 0;  // 0 where directions are common to all epsilons
};

// `size` normals, normalised in f64: uniform on the sphere.
[[nodiscard]] std::vector<double> isotropic_direction(const DirectionKey& key, int64_t size);

// The null of supplied vectors: isotropic, and as they are the same vector at every site and layer, a function of the seed and its number
// alone. So a supplied vector that is one isotropic direction more is exchangeable with them.
[[nodiscard]] std::vector<double> null_direction(uint64_t seed, int32_t number, int64_t size);

// The rows as unit vectors. Errors (kInput): another width than `size`, a row of zeros.
[[nodiscard]] std::vector<std::vector<double>> unit_rows(const DirectionArray& array, int64_t size);

}  // namespace tugline
