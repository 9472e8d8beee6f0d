// Everything that `tugline analyze` says of a run: the pieces of this folder put together. Plain results; printing and keeping
// them is report's and store's. The same responses, metrics and options give the same bits, whatever order they come in and
// however many threads there are. docs/statistics.md.
#pragma once

#include <cstdint>
#include <vector>

#include "tugline/stats/analysis_options.h"
#include "tugline/stats/contrasts.h"
#include "tugline/stats/kind_bootstrap.h"
#include "tugline/stats/metric_correlations.h"
#include "tugline/stats/null_contrasts.h"
#include "tugline/stats/response_grid.h"
#include "tugline/stats/span_measures.h"
#include "tugline/stats/spread.h"

namespace tugline {

struct Analysis {
  AnalysisOptions options = {};  // as asked for
  double epsilon = 0;            // the chosen one
  double fit_largest = 0;        // the end of the fit's range, and the epsilons in it
  int64_t fit_points = 0;
  int64_t spans = 0;             // complete ones, which all of it is about
  int64_t incomplete_spans = 0;  // left out, as are
  int64_t spans_at_sinks = 0;    // controls at a sink token
  std::vector<int32_t> layers = {};
  std::vector<MeanPoint> means = {};
  std::vector<ShapeOfCurve> shapes = {};
  std::vector<SpanMeasures> span_measures = {};
  std::vector<ChunkMetric> metrics = {};  // as given
  std::vector<Contrast> contrasts = {};   // kinds, then layers
  std::vector<NullContrast> null_contrasts = {};
  std::vector<SpreadPoint> spread = {};
  std::vector<DirectionErrorPoint> direction_errors = {};
  std::vector<MetricCorrelation> correlations = {};
};

// `metrics` may be empty. `null`: the random directions that were pushed beside supplied vectors; all else is about the grid. Errors: kNothingToMeasure where no span is complete; kUsage where an option's epsilon is not one of
// the run's.
[[nodiscard]] Analysis analyse(const ResponseGrid& grid, std::vector<ChunkMetric> metrics,
                               const AnalysisOptions& options, const ResponseGrid& null = {});

}  // namespace tugline
