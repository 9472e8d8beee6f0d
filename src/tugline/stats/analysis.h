// Computes everything that `tugline analyze` says about a run, from the parts in this folder. report/ prints
// the results and store/ keeps them. The same responses, metrics and options give the same bits, in any order
// and with any number of threads. docs/statistics.md.
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
  AnalysisOptions options = {};                           // as asked for
  ResponseMeasure measure = response_measures().front();  // that all but `length_contrasts` is about
  double epsilon = 0;                                     // the chosen one
  double fit_largest = 0;  // the end of the fit's range, and the epsilons in it
  int64_t fit_points = 0;
  int64_t spans = 0;                  // complete ones; the analysis is about these
  int64_t incomplete_spans = 0;       // left out
  int64_t spans_at_sinks = 0;         // controls at a sink token; left out
  int64_t spans_without_measure = 0;  // that have no value of the measure; left out
  int32_t directions = 0;             // at each span
  std::vector<double> epsilons = {};
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
  std::vector<DirectionsNeeded> directions_needed = {};
  // Anchors against each other kind by the KL of a mean over the rows, of the pushed token's own row, and of
  // the sum over the rows.
  std::vector<Contrast> length_contrasts = {};
  std::vector<MetricCorrelation> correlations = {};
};

// What an analysis reads of a run.
struct RunGrids {
  ResponseGrid main = {};
  // The random directions that were pushed beside supplied vectors, for null_contrasts alone; empty without
  // any.
  ResponseGrid null = {};
  // The measures of `length_contrasts`.
  std::vector<ResponseGrid> by_length = {};
};

// Analyses the responses. `metrics` may be empty. Errors: kNothingToMeasure if no span is complete; kUsage if
// an option's epsilon is not one of the run's.
[[nodiscard]] Analysis analyse(const RunGrids& grids, std::vector<ChunkMetric> metrics,
                               const AnalysisOptions& options);

}  // namespace tugline
