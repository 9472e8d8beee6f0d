// The dataset's per-chunk metrics for the examples of a run.
#pragma once

#include <string>
#include <vector>

#include "tugline/data/dataset.h"
#include "tugline/options.h"
#include "tugline/stats/metric_correlations.h"
#include "tugline/store/records.h"

namespace tugline {

// Every metric of Dataset::metric_names(), even without a value for the run's examples. A metric that has the name of another
// column of the tables is left out with a warning. `path` is for messages. Errors (kConflict): an example of
// the run that the dataset lacks, or that has another content there.
[[nodiscard]] std::vector<ChunkMetric> chunk_metrics_of(const Dataset& dataset,
                                                        const std::vector<ExampleRecord>& examples,
                                                        const std::string& path, const Watch& watch);

}  // namespace tugline
