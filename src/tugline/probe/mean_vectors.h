// Diff-in-means vectors from the transcripts' residuals (docs/method.md, "Vectors from means"): how a
// sentence's mean residual differs from that of others. `tugline vectors` writes them, and `--direction-file`
// pushes along them.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tugline/model/model.h"
#include "tugline/model/site.h"
#include "tugline/probe/sweep.h"

namespace tugline {

// The mean residual of some tokens, without sinks.
struct TokenMean {
  int64_t tokens = 0;
  std::vector<double> mean;  // [width]; zeros if there are no tokens
};

struct ChunkMean {
  int64_t chunk = 0;
  bool in_anchor = false;  // shares a token with the anchor
  TokenMean residual;
};

// One example at one layer.
struct ExampleMeans {
  int64_t example = 0;              // index in the dataset
  std::optional<TokenMean> anchor;  // no value if the example has no anchor span
  std::vector<ChunkMean> chunks;    // the chunks with tokens that are not sinks
};

// Computes the means, by layer, with examples in the plan's order. `plan` has anchor and chunk spans. Asks
// keep_going after each example. Errors: kInterrupted if it says no.
[[nodiscard]] std::map<LayerIndex, std::vector<ExampleMeans>> read_means(
    const Model& model, const SweepPlan& plan, std::span<const LayerIndex> layers, SitePoint point,
    const std::function<bool()>& keep_going);

// A vector and what it belongs to; -1 if it is not of one example, or not of one chunk.
struct MeanVector {
  int64_t example = -1;
  int64_t chunk = -1;
  std::vector<double> values;  // [width]
};

// One vector for each chunk: the mean over its tokens minus that over its example's other chunks. Examples
// with one chunk have none.
[[nodiscard]] std::vector<MeanVector> chunk_vectors(const std::vector<ExampleMeans>& examples);
// One for each example: the mean over the anchor's tokens minus that over the chunks that share no token with
// it.
[[nodiscard]] std::vector<MeanVector> example_vectors(const std::vector<ExampleMeans>& examples);

enum class Centring { kNone, kByExample };

struct GlobalVector {
  MeanVector vector;
  int64_t above = 0;  // chunks whose metric is above the threshold
  int64_t below = 0;  // the other chunks that have a value
};

// `metric_of(example, chunk)`: a chunk's value, if it has one.
using MetricLookup = std::function<std::optional<double>(int64_t example, int64_t chunk)>;

// One vector over all examples: the mean of the chunks whose metric is above the threshold, minus the mean of
// the others that have a value. Every chunk has the same weight. kByExample first subtracts each example's
// mean over its chunks' tokens from its chunks, so that differences between examples do not enter. Errors
// (kInput): no chunk on one of the two sides.
[[nodiscard]] GlobalVector global_vector(const std::vector<ExampleMeans>& examples,
                                         const MetricLookup& metric_of, double threshold, Centring centring);

}  // namespace tugline
