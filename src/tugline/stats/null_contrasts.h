// Supplied vectors against the random directions that were pushed beside them: is a vector's response more than a direction's as such?
// docs/statistics.md, "Vectors against random directions".
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
  int32_t direction = 0;  // of the vector, as the store has it
  double kl = 0;          // mean over the spans, nats
  double null_kl = 0;     // the random directions' mean of the same
  double null_low =
      0;  // what kConfidence of the random directions lie within: quantiles of their means over the spans
  double null_high = 0;
  MeanEstimate difference = {};  // vector less the mean of the random directions, span by span; t interval
  int64_t null_directions = 0;
  int64_t null_as_large = 0;  // random directions whose mean over the spans is the vector's at least
  int64_t null_as_small = 0;  // and at most
  double p_value = 1;  // two-sided: twice (1 + the fewer of the two) / (1 + null_directions), at most 1
  int64_t spans = 0;
};

// Of the spans that both grids have: `vectors` those of DirectionSet::kMain, `null` the others of the same run. Sorted by span kind, layer,
// epsilon, direction. Nothing where the run has no random directions beside its vectors.
[[nodiscard]] std::vector<NullContrast> null_contrasts(const ResponseGrid& vectors, const ResponseGrid& null);

}  // namespace tugline
