// Compares supplied vectors with the random directions that were pushed beside them: is a vector's response
// larger than that of any direction? docs/statistics.md, "Vectors against random directions".
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tugline/stats/intervals.h"
#include "tugline/stats/response_grid.h"

namespace tugline {

// One vector at one (span kind, layer, epsilon).
struct NullContrast {
  std::string span_kind = {};
  int32_t layer = 0;
  double epsilon = 0;
  int32_t direction = 0;  // the vector's number in the store
  double kl = 0;          // mean over the spans, nats
  double null_kl = 0;     // the same, averaged over the random directions
  double null_low = 0;  // the range that holds kConfidence of the random directions: quantiles of their means
                        // over the spans
  double null_high = 0;
  MeanEstimate difference = {};  // vector minus the mean of the random directions, span by span; t interval
  int64_t null_directions = 0;
  int64_t null_as_large = 0;  // random directions whose mean over the spans is at least the vector's
  int64_t null_as_small = 0;  // the same, at most the vector's
  double p_value = 1;  // two-sided: twice (1 + the fewer of the two) / (1 + null_directions), at most 1
  int64_t spans = 0;
};

// Compares over the spans that both grids have. `vectors` has the directions of DirectionSet::kMain, `null`
// the others of the same run. The result is sorted by span kind, layer, epsilon, direction. It is empty if
// the run has no random directions beside its vectors.
[[nodiscard]] std::vector<NullContrast> null_contrasts(const ResponseGrid& vectors, const ResponseGrid& null);

}  // namespace tugline
