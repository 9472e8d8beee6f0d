// Sweeps only as many epsilons of the requested grid as predict the others.
#pragma once

#include <optional>
#include <vector>

#include "tugline/api/sweep_job.h"

namespace tugline {

// Errors (kUsage): settings with which a curve cannot be interpolated: directions that differ between
// epsilons, a shard.
void check_nodes(const SweepJob& job);

// The epsilons that a sweep with nodes measures at most; no value if it could leave none out: the job asks
// for too few, or check_nodes would refuse it.
[[nodiscard]] std::optional<std::vector<double>> epsilons_at_most(const SweepJob& job);

// Measures what the store lacks: everything, or with job.node_tolerance the epsilons of node_order, one more
// each time, until the mean curve of each kind of spans and layer predicts its last two within the tolerance.
// Stops at most_nodes with a warning, if the curves do not. The number is found at the first example, and
// then checked on all. The store keeps the requested grid as a fact (field::kEpsilonsRequested). Errors:
// those of check_nodes and measure.
void measure_sweep(SweepJob& job, const SweepModels& models, const Watch& watch);

}  // namespace tugline
