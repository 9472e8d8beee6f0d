// The options of an analysis. They decide its numbers and are kept with them.
#pragma once

#include <cstdint>
#include <optional>

#include "tugline/stats/nested_bootstrap.h"
#include "tugline/stats/permutation_test.h"

namespace tugline {

// The relative difference from the quadratic at which a curve's plateau ends.
inline constexpr double kPlateauTolerance = 0.1;

struct AnalysisOptions {
  int64_t resamples = 10'000;          // number of bootstrap resamples, and of permutations
  uint64_t seed = 42;                  // of the bootstrap and the permutations
  double threshold = 0.1;              // nats, > 0: look for the epsilon at which the response reaches it
  std::optional<double> epsilon = {};  // of results about one epsilon; default: the run's largest
  std::optional<double> small_epsilon = {};  // the end of the fit's range; default: QuadraticFitter's choice

  [[nodiscard]] BootstrapOptions bootstrap() const { return {.resamples = resamples, .seed = seed}; }
  [[nodiscard]] PermutationOptions permutations() const { return {.permutations = resamples, .seed = seed}; }
};

}  // namespace tugline
