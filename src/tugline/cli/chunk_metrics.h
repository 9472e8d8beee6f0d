// The dataset's per-chunk metrics for the examples of a run.
#pragma once

#include <string>
#include <vector>

#include "tugline/data/dataset.h"
#include "tugline/stats/metric_correlations.h"
#include "tugline/store/records.h"

namespace tugline {

// Every metric of chunk_metric_names(), also where the dataset has no value of it. `path` is for messages. Errors (kConflict):
// an example of the run that the dataset lacks, or that has another content there.
[[nodiscard]] std::vector<ChunkMetric> chunk_metrics_of(const std::vector<Example>& dataset,
                                                        const std::vector<ExampleRecord>& examples,
                                                        const std::string& path);

}  // namespace tugline
