// Diff-in-means vectors against sums written out, and means against a transcript's residuals.
#include "tugline/probe/mean_vectors.h"

#include <gtest/gtest.h>

#include "probe/tiny_probe.h"
#include "support/expect_error.h"
#include "tugline/probe/vectors.h"

namespace tugline::test {
namespace {

ChunkMean chunk(int64_t number, int64_t tokens, std::vector<double> mean, bool in_anchor = false) {
  return {.chunk = number, .in_anchor = in_anchor, .residual = {.tokens = tokens, .mean = std::move(mean)}};
}

std::vector<ExampleMeans> examples() {
  return {{.example = 0,
           .anchor = TokenMean{.tokens = 3, .mean = {9, 3}},
           .chunks = {chunk(0, 2, {1, 0}), chunk(1, 3, {6, 3}, true), chunk(2, 6, {2, 1})}},
          {.example = 4, .anchor = std::nullopt, .chunks = {chunk(1, 5, {7, 7}), chunk(3, 5, {5, 9})}},
          {.example = 5,
           .anchor = TokenMean{.tokens = 2, .mean = {1, 1}},
           .chunks = {chunk(0, 2, {1, 1}, true)}}};
}

void expect_vector(const MeanVector& found, int64_t example, int64_t chunk,
                   const std::vector<double>& values) {
  EXPECT_EQ(found.example, example);
  EXPECT_EQ(found.chunk, chunk);
  ASSERT_EQ(found.values.size(), values.size());
  for (size_t i = 0; i < values.size(); ++i) EXPECT_NEAR(found.values[i], values[i], 1e-14);
}

// A chunk against the tokens of the others: {1, 0} less (3 {6, 3} + 6 {2, 1}) / 9.
TEST(ChunkVectors, AreAgainstTheRestOfTheirExample) {
  const auto vectors = chunk_vectors(examples());
  ASSERT_EQ(vectors.size(), 5U);
  expect_vector(vectors[0], 0, 0, {1 - 30.0 / 9, -15.0 / 9});
  expect_vector(vectors[1], 0, 1, {6 - 14.0 / 8, 3 - 6.0 / 8});
  expect_vector(vectors[2], 0, 2, {2 - 20.0 / 5, 1 - 9.0 / 5});
  expect_vector(vectors[3], 4, 1, {2, -2});
  expect_vector(vectors[4], 4, 3, {-2, 2});
}

// The anchor's own tokens against the chunks that share none with it; nothing without an anchor, or without
// other chunks.
TEST(ExampleVectors, AreTheAnchorAgainstTheOtherChunks) {
  const auto vectors = example_vectors(examples());
  ASSERT_EQ(vectors.size(), 1U);
  expect_vector(vectors[0], 0, -1, {9 - 14.0 / 8, 3 - 6.0 / 8});
}

const MetricLookup kMetric = [](int64_t example, int64_t chunk) -> std::optional<double> {
  if (example == 0 && chunk == 2) return std::nullopt;
  return example == 0 ? (chunk == 0 ? 0.2 : 0.9) : (chunk == 3 ? 0.3 : 0.1);
};

// Above 0.2: 0:1 and 4:3; not above: 0:0, 4:1, 5:0; 0:2 has no value.
TEST(GlobalVectors, SplitByTheMetric) {
  const GlobalVector global = global_vector(examples(), kMetric, 0.2, Centring::kNone);
  EXPECT_EQ(global.above, 2);
  EXPECT_EQ(global.below, 3);
  expect_vector(global.vector, -1, -1, {11.0 / 2 - 9.0 / 3, 12.0 / 2 - 8.0 / 3});
}

// With each example's mean taken out first: {32, 15} / 11, {6, 8}, {1, 1}.
TEST(GlobalVectors, CentredByExample) {
  const GlobalVector global = global_vector(examples(), kMetric, 0.2, Centring::kByExample);
  expect_vector(global.vector, -1, -1,
                {((6 - 32.0 / 11) + (5 - 6)) / 2 - ((1 - 32.0 / 11) + (7 - 6) + 0) / 3,
                 ((3 - 15.0 / 11) + (9 - 8)) / 2 - ((0 - 15.0 / 11) + (7 - 8) + 0) / 3});
}

TEST(GlobalVectors, NeedBothSides) {
  expect_error(ErrorCode::kInput, {"threshold 2", "0 are above", "5 are not", "metric"},
               [] { (void)global_vector(examples(), kMetric, 2, Centring::kNone); });
}

// Means of a transcript's own residuals, its first token left out; chunks that share tokens with the anchor
// are known.
TEST(ReadMeans, AreOverTheSpansTokens) {
  const Probe probe("llama", BackendKind::kReference);
  Example example;
  example.index = 3;
  SweepPlan plan;
  plan.examples.push_back({.example = &example,
                           .ids = probe.ids,
                           .spans = {{.kind = Span::Kind::kAnchor, .chunk = 1, .tokens = {5, 9}, .text = {}},
                                     {.kind = Span::Kind::kChunk, .chunk = 0, .tokens = {0, 5}, .text = {}},
                                     {.kind = Span::Kind::kChunk, .chunk = 1, .tokens = {5, 9}, .text = {}},
                                     {.kind = Span::Kind::kChunk, .chunk = 2, .tokens = {9, 13}, .text = {}}},
                           .skipped_spans = {},
                           .skipped = {}});
  const std::vector<LayerIndex> layers{{1}};
  const auto means = read_means(probe.model, plan, layers, Hook::kResidPost, [] { return true; });
  ASSERT_EQ(means.at({1}).size(), 1U);
  const ExampleMeans& found = means.at({1}).front();
  EXPECT_EQ(found.example, 3);
  ASSERT_EQ(found.chunks.size(), 3U);
  EXPECT_EQ(found.chunks[0].residual.tokens, 4);  // of five, but the first is a sink
  EXPECT_FALSE(found.chunks[0].in_anchor);
  EXPECT_TRUE(found.chunks[1].in_anchor);
  EXPECT_EQ(found.anchor->mean, found.chunks[1].residual.mean);
  const std::vector<double> h = probe.backend->download(probe.baseline->residual({1}).matrix());
  const size_t hidden = found.anchor->mean.size();
  for (size_t i = 0; i < hidden; ++i) {
    double mean = 0;
    for (size_t row = 9; row < 13; ++row) mean += h[row * hidden + i] / 4;
    EXPECT_NEAR(found.chunks[2].residual.mean[i], mean, 1e-14);
  }
  expect_error(ErrorCode::kInterrupted, {"interrupted"},
               [&] { (void)read_means(probe.model, plan, layers, Hook::kResidPost, [] { return false; }); });
}

}  // namespace
}  // namespace tugline::test
