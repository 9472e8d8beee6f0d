#include "tugline/probe/residual_sizes.h"

#include <gtest/gtest.h>

#include "probe/tiny_probe.h"
#include "tugline/probe/sinks.h"
#include "tugline/probe/vectors.h"

namespace tugline::test {
namespace {

TEST(ResidualSizes, AreTheResidualsRmsAtTheHook) {
  for (const Hook hook : {Hook::kResidPre, Hook::kResidMid, Hook::kResidPost}) {
    const Probe probe("llama", BackendKind::kReference, hook);
    const auto layers = probe.all_layers();
    const ResidualSizes sizes(probe.model, *probe.baseline, layers);
    for (const LayerIndex layer : layers)
      for (int64_t position = 0; position < probe.baseline->tokens(); ++position)
        EXPECT_NEAR(sizes.rms(layer, {position}), probe.rms(layer, {position}), 1e-12);
  }
}

TEST(ResidualSizes, TheFirstTokenIsASinkAndOrdinaryOnesAreNot) {
  const Probe probe("llama", BackendKind::kCpu);
  const auto layers = probe.all_layers();
  const ResidualSizes sizes(probe.model, *probe.baseline, layers);
  for (const LayerIndex layer : layers) {
    EXPECT_TRUE(sizes.is_sink(layer, {0}));
    for (int64_t position = 1; position < probe.baseline->tokens(); ++position)
      EXPECT_FALSE(sizes.is_sink(layer, {position})) << position;
  }
}

TEST(ResidualSizes, OfSeveralTokensAreOfAllTheirComponents) {
  const Probe probe("llama", BackendKind::kReference);
  const std::vector<LayerIndex> layers{{1}};
  const ResidualSizes sizes(probe.model, *probe.baseline, layers);
  const std::vector<double> h = probe.backend->download(probe.baseline->residual({1}).rows(5, 4));
  EXPECT_NEAR(sizes.rms_over({1}, {5, 9}), rms(h), 1e-12 * rms(h));
  EXPECT_EQ(sizes.rms_over({1}, {5, 6}), sizes.rms({1}, {5}));
}

// The tenth part of a large residual's size is the line.
TEST(ResidualSizes, SinksAreAboveTenMedians) {
  const Probe probe("llama", BackendKind::kReference);
  const LayerIndex layer{1};
  // The test writes into a baseline's row, which nothing else may.
  const Matrix row = const_cast<Buffer&>(probe.baseline->residual(layer)).rows(6, 1);
  const std::vector<double> values = probe.backend->download(row);
  const std::vector<LayerIndex> layers{layer};
  std::vector<double> sorted;
  for (int64_t i = 0; i < probe.baseline->tokens(); ++i) sorted.push_back(probe.rms(layer, {i}));
  sorted[6] = 1e9;  // where it will be, above the median
  const double scale = kSinkNorm * median_size(sorted) / probe.rms(layer, {6});
  for (const double times : {0.999, 1.001}) {
    std::vector<double> scaled = values;
    for (double& value : scaled) value *= scale * times;
    probe.backend->upload(scaled, row);
    const ResidualSizes sizes(probe.model, *probe.baseline, layers);
    EXPECT_EQ(sizes.is_sink(layer, {6}), times > 1);
    EXPECT_EQ(sizes.has_sink(layer, {5, 7}), times > 1);
    EXPECT_FALSE(sizes.has_sink(layer, {4, 6}));
    EXPECT_FALSE(sizes.has_sink(layer, {7, 9}));
  }
}

}  // namespace
}  // namespace tugline::test
