#include "tugline/probe/mean_vectors.h"

#include <algorithm>

#include "tugline/core/error.h"
#include "tugline/probe/residual_pass.h"
#include "tugline/probe/sinks.h"
#include "tugline/probe/vectors.h"

namespace tugline {
namespace {

// One transcript's residuals at one layer, and which of its tokens are sinks.
class Residuals {
 public:
  Residuals(std::vector<double> values, int64_t hidden)
      : values_(std::move(values)), hidden_(static_cast<size_t>(hidden)) {
    std::vector<double> norms(values_.size() / hidden_);
    for (size_t i = 0; i < norms.size(); ++i) norms[i] = norm(row(i));
    sinks_ = sink_tokens(norms);
  }

  // Each token that is in one of the ranges counts once.
  [[nodiscard]] TokenMean mean_over(const std::vector<TokenRange>& ranges) const {
    TokenMean result{.tokens = 0, .mean = std::vector<double>(hidden_)};
    for (size_t i = 0; i < sinks_.size(); ++i) {
      const auto token = static_cast<int64_t>(i);
      const bool is_in = std::any_of(ranges.begin(), ranges.end(),
                                     [&](TokenRange r) { return r.begin <= token && token < r.end; });
      if (!is_in || sinks_[i]) continue;
      ++result.tokens;
      add_scaled(row(i), 1, result.mean);
    }
    if (result.tokens > 0) scale(result.mean, 1 / static_cast<double>(result.tokens));
    return result;
  }

 private:
  [[nodiscard]] std::span<const double> row(size_t i) const {
    return std::span(values_).subspan(i * hidden_, hidden_);
  }

  std::vector<double> values_;
  size_t hidden_;
  std::vector<bool> sinks_;
};

bool overlap(TokenRange a, TokenRange b) { return a.begin < b.end && b.begin < a.end; }

std::vector<TokenRange> anchors_of(const PlannedExample& planned) {
  std::vector<TokenRange> anchors;
  for (const Span& span : planned.spans)
    if (span.kind == Span::Kind::kAnchor) anchors.push_back(span.tokens);
  return anchors;
}

ExampleMeans means_of(const PlannedExample& planned, const Residuals& residuals) {
  ExampleMeans means{.example = planned.example->index, .anchor = std::nullopt, .chunks = {}};
  const std::vector<TokenRange> anchors = anchors_of(planned);
  if (!anchors.empty()) means.anchor = residuals.mean_over(anchors);
  for (const Span& span : planned.spans) {
    if (span.kind != Span::Kind::kChunk) continue;
    TokenMean mean = residuals.mean_over({span.tokens});
    if (mean.tokens == 0) continue;
    const bool in_anchor = std::any_of(anchors.begin(), anchors.end(),
                                       [&](TokenRange anchor) { return overlap(anchor, span.tokens); });
    means.chunks.push_back({.chunk = span.chunk, .in_anchor = in_anchor, .residual = std::move(mean)});
  }
  return means;
}

// The mean over the tokens of the chunks that `counts` takes.
template <typename Counts>
TokenMean mean_over_chunks(const ExampleMeans& example, size_t hidden, Counts counts) {
  TokenMean result{.tokens = 0, .mean = std::vector<double>(hidden)};
  for (const ChunkMean& chunk : example.chunks) {
    if (!counts(chunk)) continue;
    result.tokens += chunk.residual.tokens;
    add_scaled(chunk.residual.mean, static_cast<double>(chunk.residual.tokens), result.mean);
  }
  if (result.tokens > 0) scale(result.mean, 1 / static_cast<double>(result.tokens));
  return result;
}

// A running mean of vectors that weigh the same.
struct VectorMean {
  int64_t count = 0;
  std::vector<double> sum;
  void add(std::span<const double> v) {
    sum.resize(v.size());
    add_scaled(v, 1, sum);
    ++count;
  }
};

}  // namespace

std::map<LayerIndex, std::vector<ExampleMeans>> read_means(const Model& model, const SweepPlan& plan,
                                                           std::span<const LayerIndex> layers,
                                                           SitePoint point,
                                                           const std::function<bool()>& keep_going) {
  std::map<LayerIndex, std::vector<ExampleMeans>> means;
  for (const PlannedExample& planned : plan.examples) {
    if (planned.spans.empty()) continue;
    visit_residuals(model, planned.ids, layers, point, [&](LayerIndex layer, const Matrix& h) {
      means[layer].push_back(means_of(planned, Residuals(model.backend().download(h), h.columns)));
    });
    if (!keep_going()) throw Error(ErrorCode::kInterrupted, "interrupted; no vectors are made");
  }
  return means;
}

std::vector<MeanVector> chunk_vectors(const std::vector<ExampleMeans>& examples) {
  std::vector<MeanVector> vectors;
  for (const ExampleMeans& example : examples) {
    if (example.chunks.size() < 2) continue;
    for (const ChunkMean& chunk : example.chunks) {
      const TokenMean rest =
          mean_over_chunks(example, chunk.residual.mean.size(),
                           [&](const ChunkMean& other) { return other.chunk != chunk.chunk; });
      vectors.push_back({example.example, chunk.chunk, difference(chunk.residual.mean, rest.mean)});
    }
  }
  return vectors;
}

std::vector<MeanVector> example_vectors(const std::vector<ExampleMeans>& examples) {
  std::vector<MeanVector> vectors;
  for (const ExampleMeans& example : examples) {
    if (!example.anchor || example.anchor->tokens == 0) continue;
    const TokenMean others = mean_over_chunks(example, example.anchor->mean.size(),
                                              [](const ChunkMean& chunk) { return !chunk.in_anchor; });
    if (others.tokens == 0) continue;
    vectors.push_back({example.example, -1, difference(example.anchor->mean, others.mean)});
  }
  return vectors;
}

GlobalVector global_vector(const std::vector<ExampleMeans>& examples, const MetricLookup& metric_of,
                           double threshold, Centring centring) {
  VectorMean above;
  VectorMean below;
  for (const ExampleMeans& example : examples) {
    for (const ChunkMean& chunk : example.chunks) {
      const std::optional<double> metric = metric_of(example.example, chunk.chunk);
      if (!metric) continue;
      std::vector<double> mean = chunk.residual.mean;
      if (centring == Centring::kByExample)
        add_scaled(mean_over_chunks(example, mean.size(), [](const ChunkMean&) { return true; }).mean, -1,
                   mean);
      (*metric > threshold ? above : below).add(mean);
    }
  }
  if (above.count == 0 || below.count == 0)
    fail(
        ErrorCode::kInput,
        "a global vector needs chunks on both sides of the threshold {}: {} are above it, {} are not; choose "
        "another threshold or metric",
        threshold, above.count, below.count);
  scale(above.sum, 1 / static_cast<double>(above.count));
  scale(below.sum, 1 / static_cast<double>(below.count));
  return {.vector = {-1, -1, difference(above.sum, below.sum)}, .above = above.count, .below = below.count};
}

}  // namespace tugline
