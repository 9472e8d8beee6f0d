// What an analysis is asked for: the choices that decide its numbers, kept with them.
#pragma once

#include <cstdint>
#include <optional>

#include "tugline/stats/nested_bootstrap.h"
#include "tugline/stats/permutation_test.h"

namespace tugline {

// How far a curve is from its quadratic where its plateau ends.
inline constexpr double kPlateauTolerance = 0.1;

struct AnalysisOptions {
  int64_t resamples = 10'000;                // of the bootstrap, and permutations
  uint64_t seed = 42;                        // of both
  double threshold = 0.1;                    // nats, > 0: the response whose epsilon is looked for
  std::optional<double> epsilon = {};        // for what is said of one epsilon; without it the run's largest
  std::optional<double> small_epsilon = {};  // the fit's range; without it QuadraticFitter's choice

  [[nodiscard]] BootstrapOptions bootstrap() const { return {.resamples = resamples, .seed = seed}; }
  [[nodiscard]] PermutationOptions permutations() const { return {.permutations = resamples, .seed = seed}; }
};

}  // namespace tugline
