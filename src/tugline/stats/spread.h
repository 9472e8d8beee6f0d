// The components of variance of a run's responses, at every (span kind, layer, epsilon), and the error that
// more directions would give. docs/statistics.md.
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
  double mean = 0;                // that the errors are of, in the measure's unit
  PredictedError predicted = {};  // of the mean over the run's spans, likewise
  std::optional<double> measured =
      {};  // the directions' part without a model; absent beyond half the run's directions
};

// How many directions a relative error of the mean response needs, by the variance between directions.
// Numbers are absent if that variance is not known, the mean is 0, or the measure may be negative.
struct DirectionsNeeded {
  std::string span_kind = {};
  int32_t layer = 0;
  double epsilon = 0;
  int64_t directions = 0;  // the run's
  // The mean over the run's spans: the directions' part of its standard error with the run's directions, in
  // percent of the mean, and the fewest directions that make it 5 % and 2 %.
  std::optional<double> error_percent = {};
  std::optional<int64_t> for_5_percent = {};
  std::optional<int64_t> for_2_percent = {};
  // The same of one span by itself, if it has the kind's mean response and the kind's variance between
  // directions.
  std::optional<double> span_error_percent = {};
  std::optional<int64_t> span_for_5_percent = {};
  std::optional<int64_t> span_for_2_percent = {};
  // All of the mean's standard error, also due to spans and examples, in percent of the mean.
  std::optional<double> all_error_percent = {};
};

// Sorted by span kind, layer, epsilon.
[[nodiscard]] std::vector<SpreadPoint> spread_points(const ResponseGrid& grid);

// For 1, 2, 4, 8 ... directions up to four times the run's, and for the run's own number. Empty if the run
// has one direction, because the variance between directions is then unknown. Sorted by span kind, layer,
// epsilon, directions.
[[nodiscard]] std::vector<DirectionErrorPoint> direction_errors(const ResponseGrid& grid);

// Sorted by span kind, layer, epsilon.
[[nodiscard]] std::vector<DirectionsNeeded> directions_needed(const ResponseGrid& grid);

}  // namespace tugline
