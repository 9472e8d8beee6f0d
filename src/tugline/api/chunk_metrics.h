// The dataset's per-chunk metrics for the examples of a run.
#pragma once

#include <string>
#include <vector>

#include "tugline/data/dataset.h"
#include "tugline/options.h"
#include "tugline/stats/metric_correlations.h"
#include "tugline/store/records.h"

namespace tugline {

// Returns every metric of Dataset::metric_names(), also those without a value for the run's examples. A
// metric with the name of another column of the tables is left out, with a warning. `path` is for messages.
// Errors (kConflict): an example of the run that the dataset does not have, or has with another content.
[[nodiscard]] std::vector<ChunkMetric> chunk_metrics_of(const Dataset& dataset,
                                                        const std::vector<ExampleRecord>& examples,
                                                        const std::string& path, const Watch& watch);

}  // namespace tugline
