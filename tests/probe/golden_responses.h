// Responses against an independent float64 reference, on explicit directions and both readouts: the tests, which golden_test.cpp
// instantiates for tiny models and golden_model_test.cpp for SmolLM2.
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "support/cache.h"
#include "support/golden.h"
#include "support/shared.h"

namespace tugline {
namespace {

struct Setup {
  std::string model;
  bool reference;
};

void PrintTo(const Setup& setup, std::ostream* out) {
  *out << setup.model << (setup.reference ? " reference" : " cpu");
}

double mean(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

// The goldens are printed to 11 digits. The reference backend is f64: what is left is the rounding of its sums, some
// thousands of operations deep. In f32 every step is right to a few units of 2^-24 of the difference that it carries, whatever epsilon is; a mean
// KL gathers some tens of such errors: 1e-5 at every epsilon (docs/method.md, "Precision").
double tolerance(bool reference) { return reference ? 1e-7 : 2e-5; }

class GoldenResponses : public testing::TestWithParam<Setup> {
 protected:
  void SetUp() override {
    const auto shared = shared_dir();
    if (!shared) GTEST_SKIP() << "the goldens are not beside the checkout (TUGLINE_SHARED_DIR)";
    folder_ = *shared / "golden";
    std::string path = (folder_ / "models" / GetParam().model).string();
    if (GetParam().model == "smollm2") {
      const auto cached = cached_file("SmolLM2-135M-Instruct.Q4_1.gguf");
      if (!cached) GTEST_SKIP() << "SmolLM2 is not in the cache; scripts/fetch_smollm2.py fetches it";
      path = cached->string();
    }
    backend_ = GetParam().reference ? make_reference_backend() : make_cpu_backend();
    model_ = std::make_unique<Model>(Model::load(resolve_model(path), *backend_));
    cases_ = test::load_golden(folder_, GetParam().model, model_->config().hidden_size);
  }

  void expect_means(const test::GoldenCase& golden, ReadoutKind readout) {
    const test::GoldenReadout& expected =
        readout == ReadoutKind::kPredicting ? golden.predicting : golden.following;
    const auto found = test::replay_case(*model_, golden, readout);
    for (size_t e = 0; e < golden.epsilons.size(); ++e) {
      double expected_sum = 0;
      double found_sum = 0;
      for (size_t d = 0; d < golden.directions.size(); ++d) {
        expected_sum += mean(expected.kl[d][e]);
        found_sum += found[d][e];
      }
      const double epsilon = golden.epsilons[e];
      if (epsilon == 0 || expected_sum == 0) {
        EXPECT_EQ(found_sum, 0.0) << "a zero push, or one that reaches no row, moves nothing at all";
        continue;
      }
      const double error = std::abs(found_sum / expected_sum - 1);
      EXPECT_LE(error, tolerance(GetParam().reference))
          << "layer " << golden.layer.value << " epsilon " << epsilon;
      worst_ = std::max(worst_, error);
    }
  }

  std::filesystem::path folder_;
  std::unique_ptr<Backend> backend_;
  std::unique_ptr<Model> model_;
  std::vector<test::GoldenCase> cases_;
  double worst_ = 0;
};

TEST_P(GoldenResponses, MeanKl) {
  ASSERT_FALSE(cases_.empty());
  for (const test::GoldenCase& golden : cases_) {
    expect_means(golden, ReadoutKind::kPredicting);
    expect_means(golden, ReadoutKind::kFollowing);
  }
  RecordProperty("worst_relative_error", std::to_string(worst_));
  std::printf("largest relative error of a mean KL: %.2e\n", worst_);
}

TEST_P(GoldenResponses, BaselineResidualsAndLogits) {
  const test::GoldenCase& golden = cases_.front();
  std::vector<LayerIndex> layers;
  for (int32_t l = 0; l < model_->config().num_layers; ++l) layers.push_back({l});
  const Baseline baseline(*model_, golden.ids, layers);
  const int64_t last = baseline.tokens() - 1;
  const double bound = GetParam().reference ? 1e-9 : 1e-4;
  for (const LayerIndex layer : layers) {
    const std::vector<double> h = backend_->download(baseline.residual(layer).rows(last, 1));
    const double squares = std::inner_product(h.begin(), h.end(), h.begin(), 0.0);
    const double expected = golden.residual_rms[static_cast<size_t>(layer.value)];
    EXPECT_NEAR(std::sqrt(squares / static_cast<double>(h.size())), expected, bound * expected)
        << "layer " << layer.value;
  }
  const auto logits = backend_->logits(*model_->weights().head, baseline.final_normed().rows(last, 1));
  for (size_t i = 0; i < golden.last_logits.size(); ++i)
    EXPECT_NEAR(logits[i], golden.last_logits[i], 20 * bound);
}

}  // namespace
}  // namespace tugline
