// The pass gives what a baseline keeps, and the same statistics whatever the order of the transcripts.
#include "tugline/probe/residual_pass.h"

#include <gtest/gtest.h>

#include "probe/tiny_probe.h"
#include "support/expect_error.h"

namespace tugline::test {
namespace {

TEST(ResidualPass, VisitsWhatABaselineKeeps) {
  for (const Hook hook : {Hook::kResidPre, Hook::kResidMid, Hook::kResidPost}) {
    const Probe probe("qwen3", BackendKind::kCpu, hook);
    const std::vector<LayerIndex> layers{{0}, {1}};
    std::vector<LayerIndex> visited;
    visit_residuals(probe.model, probe.ids, layers, hook, [&](LayerIndex layer, const Matrix& h) {
      visited.push_back(layer);
      EXPECT_EQ(probe.backend->download(h),
                probe.backend->download(probe.baseline->residual(layer).matrix()));
    });
    EXPECT_EQ(visited, layers);
  }
}

TEST(ResidualPass, DoesNotDependOnOrder) {
  const Probe probe("llama", BackendKind::kCpu);
  const std::vector<int32_t> other{7, 7, 1, 60, 2};
  const PassOptions options{.layers = {{0}, {2}},
                            .point = Hook::kResidPost,
                            .moments = Moments::kCovariance,
                            .seed = 42,
                            .keep_going = {}};
  const ResidualsByLayer first = read_residuals(probe.model, {{1, probe.ids}, {2, other}}, options);
  const ResidualsByLayer second = read_residuals(probe.model, {{2, other}, {1, probe.ids}}, options);
  ASSERT_EQ(first.size(), 2U);
  for (const auto& [layer, statistics] : first) {
    EXPECT_EQ(statistics.tokens + statistics.sinks, static_cast<int64_t>(probe.ids.size() + other.size()));
    EXPECT_EQ(statistics.mean, second.at(layer).mean);
    EXPECT_EQ(statistics.variance, second.at(layer).variance);
    EXPECT_EQ(statistics.components, second.at(layer).components);
  }
  EXPECT_NE(first.at({0}).mean, first.at({2}).mean);
}

TEST(ResidualPass, StopsWhereItIsAskedTo) {
  const Probe probe("llama", BackendKind::kCpu);
  int asked = 0;
  const PassOptions options{.layers = {{0}},
                            .point = Hook::kResidPost,
                            .moments = Moments::kVariances,
                            .seed = 42,
                            .keep_going = [&] { return ++asked < 2; }};
  expect_error(ErrorCode::kInterrupted, {"interrupted"}, [&] {
    (void)read_residuals(probe.model, {{1, probe.ids}, {2, probe.ids}, {3, probe.ids}}, options);
  });
  EXPECT_EQ(asked, 2);
}

TEST(ResidualPass, RefusesWhatTheModelCannotRun) {
  const Probe probe("llama", BackendKind::kReference);
  const std::vector<int32_t> wrong{1, 96};
  expect_error(ErrorCode::kInput, {"96", "vocabulary"}, [&] {
    visit_residuals(probe.model, wrong, std::vector<LayerIndex>{{0}}, Hook::kResidPost,
                    [](LayerIndex, const Matrix&) {});
  });
}

}  // namespace
}  // namespace tugline::test
