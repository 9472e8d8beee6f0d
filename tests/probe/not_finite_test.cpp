// Where a number that is not finite appears first: the layer, the step and the token are named.
#include "tugline/probe/not_finite.h"

#include <gtest/gtest.h>

#include <limits>

#include "probe/tiny_probe.h"
#include "tugline/probe/plain_replay.h"

namespace tugline::test {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

// One push on two tokens, of which the second gets an infinite component.
std::vector<double> infinite_on_the_second_token(int64_t hidden) {
  std::vector<double> vectors(static_cast<size_t>(2 * hidden), 0.5);
  vectors[static_cast<size_t>(hidden) + 3] = kInfinity;
  return vectors;
}

ReplayRows rows_of_two_tokens() {
  return replay_rows({5, 7}, ReadoutKind::kFollowing, 13, {.at = PushAt::kEvery});
}

TEST(NotFinite, TheFirstBadRowIsCountedInRows) {
  const auto backend = make_reference_backend();
  const auto buffer = backend->allocate(3, 4);
  std::vector<double> values(12, 1);
  backend->upload(values, buffer->matrix());
  EXPECT_EQ(first_bad_row(*backend, buffer->matrix()), std::nullopt);
  values[8] = kInfinity;
  values[11] = std::nan("");
  backend->upload(values, buffer->matrix());
  EXPECT_EQ(first_bad_row(*backend, buffer->matrix()), 2);
}

TEST(NotFinite, AReplayNamesTheSiteAndTheToken) {
  const Probe probe("llama", BackendKind::kCpu);
  const SpanBase base = read_rows(probe.model, *probe.baseline, rows_of_two_tokens(), LayerIndex{0});
  ReplayWorkspace workspace(probe.model, 1, base.rows);
  EXPECT_EQ(Replay(probe.model, *probe.baseline, base, {1}, workspace)
                .where_not_finite(infinite_on_the_second_token(24)),
            "layer 1, resid_post: what the push changes at token 6 is not finite");
}

// The rows of the run without a push come before the push's in the same batch.
TEST(NotFinite, APlainReplayNamesTheStepAndTheToken) {
  const auto backend = make_cpu_backend({.precision = Precision::kPlainBf16});
  const Model model = load_tiny("llama", *backend);
  const std::vector<LayerIndex> layers{{1}};
  const Baseline baseline(model, {3, 41, 5, 90, 17, 17, 0, 95, 62, 8, 33, 54, 2}, layers);
  PlainReplayWorkspace workspace(model, 1, rows_of_two_tokens());
  EXPECT_EQ(PlainReplay(model, baseline, rows_of_two_tokens(), {1}, workspace)
                .where_not_finite(infinite_on_the_second_token(24)),
            "layer 2, attention (norm): the pushed result at token 6 is not finite");
}

TEST(NotFinite, FiniteRunsBlameTheResponses) {
  const Probe probe("llama", BackendKind::kCpu);
  const SpanBase base = read_rows(probe.model, *probe.baseline, rows_of_two_tokens(), LayerIndex{0});
  ReplayWorkspace workspace(probe.model, 1, base.rows);
  EXPECT_EQ(Replay(probe.model, *probe.baseline, base, {1}, workspace)
                .where_not_finite(std::vector<double>(48, 0.5)),
            kResponsesNotFinite);
}

}  // namespace
}  // namespace tugline::test
