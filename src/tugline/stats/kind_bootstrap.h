// The bootstrap of a whole run, with one group for each span kind and one column for each (layer, epsilon),
// all from the same resamples; and the results that follow for each curve. docs/statistics.md.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tugline/stats/curve_shape.h"
#include "tugline/stats/nested_bootstrap.h"
#include "tugline/stats/quadratic_fit.h"
#include "tugline/stats/response_grid.h"

namespace tugline {

struct KindBootstrap {
  std::vector<std::string> kinds = {};  // sorted; the groups of `means`
  BootstrapMeans means;                 // columns: ResponseGrid::point
};

[[nodiscard]] KindBootstrap bootstrap_by_kind(const ResponseGrid& grid, const BootstrapOptions& options);

// A point of a curve. Each span has the same weight in the mean.
struct MeanPoint {
  std::string span_kind = {};
  int32_t layer = 0;
  double epsilon = 0;
  double kl = 0;                     // nats
  PercentileInterval interval = {};  // nested bootstrap
  int64_t spans = 0;
  int64_t examples = 0;
};

// The shape of one averaged curve; each value has its interval over the same resamples.
struct ShapeOfCurve {
  std::string span_kind = {};
  int32_t layer = 0;
  std::optional<Quadratic> fit = {};  // absent, with the plateau, if too few epsilons are in its range
  PercentileInterval a = {};
  PercentileInterval b = {};
  Crossing threshold = {};
  PercentileInterval threshold_interval = {};  // an end is absent if it is outside the measured epsilons
  std::optional<Crossing> plateau = {};
  PercentileInterval plateau_interval = {};
};

// Sorted by span kind, layer, epsilon.
[[nodiscard]] std::vector<MeanPoint> mean_points(const ResponseGrid& grid, const KindBootstrap& bootstrap);

// Sorted by span kind, layer. `threshold` in nats.
[[nodiscard]] std::vector<ShapeOfCurve> shapes_of_curves(const ResponseGrid& grid,
                                                         const KindBootstrap& bootstrap,
                                                         const QuadraticFitter& fitter, double threshold);

}  // namespace tugline
