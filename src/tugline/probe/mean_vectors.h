// Diff-in-means vectors from the transcripts' residuals (docs/method.md, "Vectors from means"): what a sentence's residuals have that
// others' have not. `tugline vectors` writes them, `--direction-file` pushes along them.
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

// The mean residual of some tokens, sinks left out.
struct TokenMean {
  int64_t tokens = 0;
  std::vector<double> mean;  // [hidden]; zeros where there are no tokens
};

struct ChunkMean {
  int64_t chunk = 0;
  bool in_anchor = false;  // shares a token with the anchor
  TokenMean residual;
};

// One example at one layer.
struct ExampleMeans {
  int64_t example = 0;              // index in the dataset
  std::optional<TokenMean> anchor;  // nothing where the example has no anchor span
  std::vector<ChunkMean> chunks;    // those with tokens that are not sinks
};

// `plan` has anchor and chunk spans. By layer; examples in the plan's order. Errors: kInterrupted where keep_going, which is asked after
// each example, says no.
[[nodiscard]] std::map<LayerIndex, std::vector<ExampleMeans>> read_means(
    const Model& model, const SweepPlan& plan, std::span<const LayerIndex> layers, Hook hook,
    const std::function<bool()>& keep_going);

// A vector and what it belongs to; -1 where it is not of one example, or not of one chunk.
struct MeanVector {
  int64_t example = -1;
  int64_t chunk = -1;
  std::vector<double> values;  // [hidden]
};

// Each chunk's own: the mean over its tokens less the mean over the tokens of its example's other chunks. Examples with one chunk give none.
[[nodiscard]] std::vector<MeanVector> chunk_vectors(const std::vector<ExampleMeans>& examples);
// One an example: the mean over the anchor's tokens less the mean over the tokens of the chunks that share none with it.
[[nodiscard]] std::vector<MeanVector> example_vectors(const std::vector<ExampleMeans>& examples);

enum class Centring { kNone, kByExample };

struct GlobalVector {
  MeanVector vector;
  int64_t above = 0;  // chunks whose metric is above the threshold
  int64_t below = 0;  // the other chunks that have a value
};

// `metric_of(example, chunk)`: a chunk's value, or nothing.
using MetricLookup = std::function<std::optional<double>(int64_t example, int64_t chunk)>;

// One over all examples: the mean of the chunks whose metric is above the threshold, less the mean of the others that have a value; every
// chunk weighs the same. kByExample takes each example's own mean over its chunks' tokens from its chunks first, so that what only tells
// examples apart does not enter. Errors (kInput): no chunk on one of the two sides.
[[nodiscard]] GlobalVector global_vector(const std::vector<ExampleMeans>& examples,
                                         const MetricLookup& metric_of, double threshold, Centring centring);

}  // namespace tugline
