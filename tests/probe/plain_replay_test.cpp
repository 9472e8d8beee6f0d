// Replays on values in plain bf16: what they share with a hooked bf16 model, and that rounding alone moves
// nothing.
#include "tugline/probe/plain_replay.h"

#include <gtest/gtest.h>

#include <limits>

#include "probe/tiny_probe.h"
#include "tugline/probe/unit.h"

namespace tugline::test {
namespace {

class PlainBf16Replays : public testing::TestWithParam<const char*> {
 protected:
  [[nodiscard]] std::vector<RowResponse> run(const ReplayRows& rows, const std::vector<double>& vectors) {
    const int64_t pushes = static_cast<int64_t>(vectors.size()) / model_.config().hidden_size;
    PlainReplayWorkspace workspace(model_, pushes, rows);
    return PlainReplay(model_, *baseline_, rows, LayerIndex{0}, workspace).submit(vectors)->collect();
  }
  std::unique_ptr<Backend> backend_ = make_cpu_backend({.precision = Precision::kPlainBf16});
  Model model_ = load_tiny(GetParam(), *backend_);
  std::vector<LayerIndex> layers_{{0}};
  std::unique_ptr<Baseline> baseline_ = std::make_unique<Baseline>(
      model_, std::vector<int32_t>{3, 41, 5, 90, 17, 17, 0, 95, 62, 8, 33, 54, 2}, layers_);
};

// The rows from the pushed one on that a push at layer 0's output can move: in every layer above, a window of
// w tokens reaches w - 1 rows on.
int64_t reached_rows(const ModelConfig& config) {
  int64_t rows = 1;
  for (int32_t layer = 1; layer < config.num_layers; ++layer) {
    if (config.window(layer) == 0) return std::numeric_limits<int64_t>::max();
    rows += config.window(layer) - 1;
  }
  return rows;
}

// Pushes of nothing between pushes of something, in batches of several shapes.
TEST_P(PlainBf16Replays, APushOfNothingIsExactlyZeroAnywhereInABatch) {
  const auto hidden = static_cast<size_t>(model_.config().hidden_size);
  for (const TokenRange span : {TokenRange{5, 9}, TokenRange{5, 6}, TokenRange{2, 12}}) {
    const ReplayRows rows = replay_rows(span, ReadoutKind::kPredicting, baseline_->tokens());
    for (const size_t pushes : {1U, 2U, 9U, 45U}) {
      std::vector<double> vectors(pushes * hidden);
      for (size_t push = 1; push < pushes; push += 2)
        for (size_t i = 0; i < hidden; ++i) vectors[push * hidden + i] = i % 3 == 0 ? 0.5 : -0.25;
      const auto responses = run(rows, vectors);
      ASSERT_EQ(responses.size(), pushes * static_cast<size_t>(rows.read()));
      for (size_t r = 0; r < responses.size(); ++r) {
        const auto row = static_cast<int64_t>(r) % rows.read();
        const bool pushed =
            r / static_cast<size_t>(rows.read()) % 2 == 1 && row < reached_rows(model_.config());
        EXPECT_EQ(responses[r].kl > 0, pushed) << span.begin << " " << pushes << " " << r;
        EXPECT_EQ(responses[r].kl == 0, !pushed);
        if (pushed) continue;
        EXPECT_EQ(responses[r].kl_reverse, 0);
        EXPECT_EQ(responses[r].delta_logprob, 0);
        EXPECT_FALSE(responses[r].top1_flip);
      }
    }
  }
}

// Large enough that bf16's noise is small beside it: the values' way and the differences' agree to a few
// percent.
TEST_P(PlainBf16Replays, LargePushesAgreeWithDifferences) {
  const Probe exact(GetParam(), BackendKind::kReference);
  const SpanBase base = exact.base({5, 9}, ReadoutKind::kPredicting);
  const auto vectors = random_pushes(exact, {0}, base.rows.push, 40.0, 16);
  const auto expected = replay(exact, base, {0}, vectors);
  const auto found = run(base.rows, vectors);
  double expected_sum = 0;
  double found_sum = 0;
  for (size_t i = 0; i < found.size(); ++i) {
    expected_sum += expected[i].kl;
    found_sum += found[i].kl;
  }
  EXPECT_NEAR(found_sum / expected_sum, 1.0, 0.05);
}

TEST_P(PlainBf16Replays, AUnitSaysThatItHoldsNoise) {
  const SpanBase base = read_span(model_, *baseline_, {5, 9}, ReadoutKind::kPredicting, {0});
  EXPECT_EQ(base.trace, nullptr);
  PushOptions pushes;
  pushes.epsilons = {0, 4};
  UnitContext context;
  context.limits.memory = int64_t{1} << 30;
  const UnitMeasurement unit = measure_unit(model_, *baseline_, base, {0}, pushes, context);
  EXPECT_NE(unit.note.find("rounding noise"), std::string::npos) << unit.note;
  for (const ResponseRecord& response : unit.responses) EXPECT_EQ(response.kl() > 0, response.epsilon > 0);
}

INSTANTIATE_TEST_SUITE_P(Models, PlainBf16Replays,
                         testing::Values("llama", "llama_biases", "qwen2", "qwen3", "mistral", "olmo2",
                                         "gpt_neox", "gpt_neox_serial", "qwen3_window"),
                         [](const auto& model) { return std::string(model.param); });

}  // namespace
}  // namespace tugline::test
