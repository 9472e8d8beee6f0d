#include "tugline/api/sweep_nodes.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "tugline/api/interruption.h"
#include "tugline/api/warn.h"
#include "tugline/core/error.h"
#include "tugline/stats/epsilon_nodes.h"
#include "tugline/stats/response_grid.h"
#include "tugline/store/field_names.h"

namespace tugline {
namespace {

constexpr size_t kFewestNodes = 5;

// The first n nodes, and 0 if it is asked for, which costs nothing.
std::vector<double> epsilons_with(const std::vector<double>& nodes, size_t n,
                                  const std::vector<double>& grid) {
  std::vector<double> epsilons(nodes.begin(), nodes.begin() + static_cast<std::ptrdiff_t>(n));
  if (std::ranges::find(grid, 0.0) != grid.end()) epsilons.push_back(0);
  std::sort(epsilons.begin(), epsilons.end());
  return epsilons;
}

// The responses at the job's layers; other layers of the store may have other epsilons.
ResponseGrid grid_of(const SweepJob& job) {
  const RunStore store = RunStore::open_read_only(job.path);
  ResponseGridBuilder builder;
  for (const UnitRecord& unit : store.units()) {
    if (std::ranges::find(job.options.layers, LayerIndex{unit.key.layer}) == job.options.layers.end())
      continue;
    std::vector<ResponseRecord> responses = store.responses(unit.key, RowValues::kSkip);
    std::erase_if(responses,
                  [](const ResponseRecord& response) { return response.set == DirectionSet::kNull; });
    builder.add(unit, responses);
  }
  return builder.build();
}

// The mean curves of each kind of span, at the grid's layers.
double worst_difference(const ResponseGrid& grid, std::span<const double> nodes) {
  double worst = 0;
  for (const std::string& kind : grid.span_kinds())
    for (size_t layer = 0; layer < grid.layers.size(); ++layer) {
      std::vector<double> means(nodes.size(), 0.0);
      for (const GridSpan& span : grid.spans) {
        if (span.key.span_kind != kind) continue;
        const std::vector<double> curve = grid.mean_curve(span);
        for (size_t i = 0; i < nodes.size(); ++i) {
          const auto found = std::ranges::find(grid.epsilons, nodes[i]);
          if (found == grid.epsilons.end()) return std::numeric_limits<double>::infinity();
          means[i] += curve[grid.point(layer, static_cast<size_t>(found - grid.epsilons.begin()))];
        }
      }
      worst = std::max(worst, left_out_difference(nodes, means));
    }
  return worst;
}

// The spans of the first example that has any. The other examples stay in the plan, because directions may be
// made from their residuals.
SweepPlan first_example(SweepPlan plan) {
  bool is_found = false;
  for (PlannedExample& planned : plan.examples) {
    if (is_found) planned.spans.clear();
    is_found = is_found || !planned.spans.empty();
  }
  return plan;
}

// Raises n until the nodes agree on the job's plan, or there are enough. Returns how well they agree.
double raise_nodes(SweepJob& job, const SweepModels& models, const std::vector<double>& nodes,
                   const std::vector<double>& grid, const Watch& watch, size_t& n) {
  while (true) {
    job.options.pushes.epsilons = epsilons_with(nodes, n, grid);
    measure(job, models, watch);
    const auto measured = std::span(nodes).first(n);
    const double difference = n < kFewestNodes ? 0 : worst_difference(grid_of(job), measured);
    if (watch.inform)
      watch.inform(fmt::format("{} of {} epsilons: the last two are predicted to {:.1e}", n, nodes.size(),
                               difference));
    if (difference <= *job.node_tolerance || n >= most_nodes(nodes)) return difference;
    ++n;
  }
}

void warn_of_rough_curves(double difference, size_t n, const SweepJob& job, const Watch& watch) {
  warn(watch,
       fmt::format(
           "{} of the epsilons predict the last two of them to {:.1e} and not to {:g}, and no more are "
           "measured: the curves are not smooth, or noisy. The errors of the interpolated points say "
           "how well they are known; the same sweep without nodes measures all epsilons",
           n, difference, *job.node_tolerance));
}

void measure_with_nodes(SweepJob& job, const SweepModels& models, const Watch& watch) {
  const std::vector<double> grid = job.options.pushes.epsilons;
  job.facts[field::kEpsilonsRequested] = text_of(grid);
  job.facts["node_tolerance"] = fmt::format("{}", *job.node_tolerance);
  const std::vector<double> nodes = node_order(grid);
  size_t n = std::min(kFewestNodes, nodes.size());
  const SweepPlan all = job.plan;
  job.plan = first_example(all);
  if (job.plan.spans() > 0) (void)raise_nodes(job, models, nodes, grid, watch, n);
  job.plan = all;
  const double difference = raise_nodes(job, models, nodes, grid, watch, n);
  if (difference > *job.node_tolerance && n < nodes.size()) warn_of_rough_curves(difference, n, job, watch);
}

}  // namespace

void check_nodes(const SweepJob& job) {
  if (!job.node_tolerance) return;
  if (!(*job.node_tolerance > 0) || *job.node_tolerance >= 1)
    refuse("node_tolerance", "{} is not a relative error between 0 and 1", *job.node_tolerance);
  if (job.options.pushes.sharing == DirectionSharing::kIndependent)
    refuse("nodes",
           "the directions differ between epsilons, so that no direction has a curve to interpolate");
  if (!job.shard.is_whole())
    refuse("nodes",
           "a shard cannot choose the epsilons of the others; sweep one example with nodes, give all shards "
           "the epsilons that it measured, merge them, and sweep the merged run with nodes");
}

std::optional<std::vector<double>> epsilons_at_most(const SweepJob& job) {
  const std::vector<double>& grid = job.options.pushes.epsilons;
  const std::vector<double> nodes = node_order(grid);
  const size_t most = most_nodes(nodes);
  if (most == nodes.size() || job.options.pushes.sharing == DirectionSharing::kIndependent ||
      !job.shard.is_whole())
    return std::nullopt;
  return epsilons_with(nodes, most, grid);
}

void measure_sweep(SweepJob& job, const SweepModels& models, const Watch& watch) {
  check_nodes(job);
  say_what_is_kept(kept_units(job.path), [&] {
    job.node_tolerance ? measure_with_nodes(job, models, watch) : measure(job, models, watch);
  });
}

}  // namespace tugline
