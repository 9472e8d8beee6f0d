#include "tugline/stats/analysis.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <iterator>

#include "tugline/core/error.h"
#include "tugline/stats/largest_epsilon.h"

namespace tugline {
namespace {

// Index of the epsilon that single numbers are about.
size_t chosen_epsilon(const ResponseGrid& grid, const AnalysisOptions& options) {
  const double wanted = options.epsilon.value_or(largest_epsilon(grid.epsilons));
  const auto found = std::find(grid.epsilons.begin(), grid.epsilons.end(), wanted);
  if (found == grid.epsilons.end()) {
    refuse("epsilon", "the run has no {}; it has {}", wanted, fmt::join(grid.epsilons, ", "));
  }
  return static_cast<size_t>(found - grid.epsilons.begin());
}

void check_has_spans(const ResponseGrid& grid) {
  if (!grid.spans.empty()) return;
  fail(ErrorCode::kNothingToMeasure,
       "nothing to analyse: the run has no span with all its layers and pushes ({} {} some). tugline sweep "
       "with "
       "the run's command measures what is missing",
       grid.incomplete.size(), grid.incomplete.size() == 1 ? "lacks" : "lack");
}

std::vector<Contrast> all_contrasts(const ResponseGrid& grid, const KindBootstrap& bootstrap,
                                    const AnalysisOptions& options) {
  std::vector<Contrast> contrasts = kind_contrasts(grid, options.bootstrap());
  std::vector<Contrast> layers = layer_contrasts(grid, bootstrap);
  std::move(layers.begin(), layers.end(), std::back_inserter(contrasts));
  return contrasts;
}

}  // namespace

Analysis analyse(const RunGrids& grids, std::vector<ChunkMetric> metrics, const AnalysisOptions& options) {
  const ResponseGrid& grid = grids.main;
  check_has_spans(grid);
  const size_t epsilon = chosen_epsilon(grid, options);
  const QuadraticFitter fitter(grid.epsilons, options.small_epsilon);
  const KindBootstrap bootstrap = bootstrap_by_kind(grid, options.bootstrap());
  Analysis analysis{.options = options,
                    .measure = grid.measure,
                    .epsilon = grid.epsilons[epsilon],
                    .fit_largest = fitter.largest(),
                    .fit_points = fitter.points(),
                    .spans = static_cast<int64_t>(grid.spans.size()),
                    .incomplete_spans = static_cast<int64_t>(grid.incomplete.size()),
                    .spans_at_sinks = static_cast<int64_t>(grid.at_sinks.size()),
                    .spans_without_measure = static_cast<int64_t>(grid.without_measure.size()),
                    .directions = grid.directions,
                    .epsilons = grid.epsilons,
                    .epsilons_left_out = grid.epsilons_left_out,
                    .directions_left_out = grid.directions_left_out,
                    .layers = grid.layers,
                    .means = mean_points(grid, bootstrap)};
  if (grid.measure.is_quadratic)
    analysis.shapes = shapes_of_curves(grid, bootstrap, fitter, options.threshold);
  analysis.span_measures =
      measure_spans(grid, {.fitter = &fitter, .epsilon = epsilon, .threshold = options.threshold});
  analysis.contrasts = all_contrasts(grid, bootstrap, options);
  for (const ResponseGrid& by_length : grids.by_length) {
    std::vector<Contrast> contrasts = kind_contrasts(by_length);
    std::move(contrasts.begin(), contrasts.end(), std::back_inserter(analysis.length_contrasts));
  }
  analysis.null_contrasts = null_contrasts(grid, grids.null);
  analysis.spread = spread_points(grid);
  analysis.direction_errors = direction_errors(grid);
  analysis.directions_needed = directions_needed(grid);
  analysis.correlations = metric_correlations(analysis.span_measures, metrics, options.permutations());
  analysis.metrics = std::move(metrics);
  return analysis;
}

}  // namespace tugline
