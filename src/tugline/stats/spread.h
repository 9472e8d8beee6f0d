// The components of variance of a run's responses, at every (span kind, layer, epsilon), and the error that more directions would give.
// docs/statistics.md.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tugline/stats/response_grid.h"
#include "tugline/stats/variance_components.h"

namespace tugline {

struct SpreadPoint {
  std::string span_kind = {};
  int32_t layer = 0;
  double epsilon = 0;
  VarianceComponents components = {};  // nats^2
};

struct DirectionErrorPoint {
  std::string span_kind = {};
  int32_t layer = 0;
  double epsilon = 0;
  int64_t directions = 0;
  PredictedError predicted = {};  // of the mean over the run's spans, nats
  std::optional<double> measured =
      {};  // the directions' part without a model; absent beyond half the run's directions
};

// Sorted by span kind, layer, epsilon.
[[nodiscard]] std::vector<SpreadPoint> spread_points(const ResponseGrid& grid);

// For 1, 2, 4, 8 ... directions up to four times the run's, and for the run's own number. Empty if the run has one direction, because
// the variance between directions is then unknown. Sorted by span kind, layer, epsilon, directions.
[[nodiscard]] std::vector<DirectionErrorPoint> direction_errors(const ResponseGrid& grid);

}  // namespace tugline
