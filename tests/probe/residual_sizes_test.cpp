#include "tugline/probe/residual_sizes.h"

#include <gtest/gtest.h>

#include "probe/tiny_probe.h"
#include "tugline/probe/sinks.h"

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
    EXPECT_EQ(ResidualSizes(probe.model, *probe.baseline, layers).is_sink(layer, {6}), times > 1);
  }
}

}  // namespace
}  // namespace tugline::test
