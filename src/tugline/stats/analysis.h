// Computes everything that `tugline analyze` says about a run, from the parts in this folder. report/ prints the results and store/
// keeps them. The same responses, metrics and options give the same bits, in any order and with any number of threads.
// docs/statistics.md.
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
  int64_t spans = 0;                           // complete ones; the analysis is about these
  int64_t incomplete_spans = 0;                // left out
  int64_t spans_at_sinks = 0;                  // controls at a sink token; left out
  std::vector<double> epsilons_left_out = {};  // that not every layer has
  int64_t directions_left_out = 0;             // likewise, their number
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

// Analyses `grid`. `metrics` may be empty. `null` holds the random directions that were pushed beside supplied vectors, for
// null_contrasts alone. Errors: kNothingToMeasure if no span is complete; kUsage if an option's epsilon is not one of the run's.
[[nodiscard]] Analysis analyse(const ResponseGrid& grid, std::vector<ChunkMetric> metrics,
                               const AnalysisOptions& options, const ResponseGrid& null = {});

}  // namespace tugline
