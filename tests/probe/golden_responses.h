// Responses against an independent float64 reference, on explicit directions and both readouts: the tests,
// which golden_test.cpp instantiates for tiny models and golden_model_test.cpp for SmolLM2.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "support/cache.h"
#include "support/golden.h"
#include "support/shared.h"

namespace tugline {
namespace {

struct Setup {
  std::string model;  // of golden/models, or "families/NAME" of golden/families/models
  Precision precision;
  // Emulated, every machine tests bf16: the same numbers as its instructions' but for the order of sums.
  Bf16Products bf16_products = Bf16Products::kEmulated;
};

void PrintTo(const Setup& setup, std::ostream* out) {
  *out << setup.model << " " << name_of(setup.precision)
       << (setup.bf16_products == Bf16Products::kNative ? " native" : "");
}

std::string name_of_setup(const Setup& setup) {
  std::string name = setup.model + "_" + std::string(name_of(setup.precision));
  for (const char c : {'-', '/'}) std::replace(name.begin(), name.end(), c, '_');
  return name + (setup.bf16_products == Bf16Products::kNative ? "_native" : "");
}

std::unique_ptr<Backend> make_backend(const Setup& setup) {
  if (setup.precision == Precision::kF64) return make_reference_backend();
  return make_cpu_backend({.precision = setup.precision, .bf16_products = setup.bf16_products});
}

double mean(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

// The goldens are printed to 11 digits. The reference backend is f64: what is left is the rounding of its
// sums, some thousands of operations deep. In f32 every step is right to a few units of 2^-24 of the
// difference that it carries, whatever epsilon is; a mean KL gathers some tens of such errors: 1e-5 at every
// epsilon (docs/method.md, "Precision"). bf16 rounds a product's factors to 2^-9 of themselves; over the
// layers that comes to about a percent of a mean KL.
double tolerance(Precision precision) {
  if (precision == Precision::kBf16) return 2e-2;
  return precision == Precision::kF64 ? 1e-7 : 2e-5;
}
constexpr double kBf16Median = 6e-3;

// A golden mean KL over directions, and what was found for it.
struct MeanKl {
  LayerIndex layer;
  double epsilon = 0;
  double expected = 0;
  double found = 0;
};

class GoldenResponses : public testing::TestWithParam<Setup> {
 protected:
  void SetUp() override { load(GetParam()); }

  void load(const ParamType& setup) {
    const std::string model = std::filesystem::path(setup.model).filename().string();
    const auto shared = shared_dir();
    if (!shared) GTEST_SKIP() << "the goldens are not beside the checkout (TUGLINE_SHARED_DIR)";
    folder_ = *shared / "golden" / std::filesystem::path(setup.model).parent_path();
    std::string path = (folder_ / "models" / model).string();
    if (model == "smollm2") {
      const auto cached = cached_file("SmolLM2-135M-Instruct.Q4_1.gguf");
      if (!cached) GTEST_SKIP() << "SmolLM2 is not in the cache; scripts/fetch_smollm2.py fetches it";
      path = cached->string();
    }
    backend_ = make_backend(setup);
    if (backend_->precision() != setup.precision) GTEST_SKIP() << "no native bf16 products on this processor";
    model_ = std::make_unique<Model>(Model::load(resolve_model(path), *backend_));
    cases_ = test::load_golden(folder_, model, model_->config().hidden_size);
  }

  std::vector<MeanKl> means(const test::GoldenCase& golden, ReadoutKind readout) const {
    const test::GoldenReadout& expected =
        readout == ReadoutKind::kPredicting ? golden.predicting : golden.following;
    const auto found = test::replay_case(*model_, golden, readout);
    std::vector<MeanKl> all;
    for (size_t e = 0; e < golden.epsilons.size(); ++e) {
      all.push_back({.layer = golden.layer, .epsilon = golden.epsilons[e]});
      for (size_t d = 0; d < golden.directions.size(); ++d) {
        all.back().expected += mean(expected.kl[d][e]);
        all.back().found += found[d][e];
      }
    }
    return all;
  }

  void expect_means(const test::GoldenCase& golden, ReadoutKind readout) {
    for (const MeanKl& one : means(golden, readout)) {
      if (one.epsilon == 0 || one.expected == 0) {
        EXPECT_EQ(one.found, 0.0) << "a zero push, or one that reaches no row, moves nothing at all";
        continue;
      }
      const double error = std::abs(one.found / one.expected - 1);
      EXPECT_LE(error, tolerance(GetParam().precision))
          << "layer " << one.layer.value << " epsilon " << one.epsilon;
      errors_.push_back(error);
    }
  }

  std::filesystem::path folder_;
  std::unique_ptr<Backend> backend_;
  std::unique_ptr<Model> model_;
  std::vector<test::GoldenCase> cases_;
  std::vector<double> errors_;
};

TEST_P(GoldenResponses, MeanKl) {
  ASSERT_FALSE(cases_.empty());
  for (const test::GoldenCase& golden : cases_) {
    expect_means(golden, ReadoutKind::kPredicting);
    expect_means(golden, ReadoutKind::kFollowing);
  }
  std::sort(errors_.begin(), errors_.end());
  const double median = errors_[errors_.size() / 2];
  if (GetParam().precision == Precision::kBf16) {
    EXPECT_LE(median, kBf16Median);
  }
  std::printf("relative error of a mean KL: largest %.2e, median %.2e\n", errors_.back(), median);
}

TEST_P(GoldenResponses, BaselineResidualsAndLogits) {
  const test::GoldenCase& golden = cases_.front();
  std::vector<LayerIndex> layers;
  for (int32_t l = 0; l < model_->config().num_layers; ++l) layers.push_back({l});
  const Baseline baseline(*model_, golden.ids, layers);
  const int64_t last = baseline.tokens() - 1;
  const double bound = GetParam().precision == Precision::kF64 ? 1e-9 : 1e-4;
  for (const LayerIndex layer : layers) {
    if (golden.residual_rms.empty()) break;
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

// Plain bf16 on the model's goldens: what it finds, over what is true, of the case and epsilon where that is
// largest and where it is smallest.
class GoldenPlainBf16 : public GoldenResponses {
 protected:
  void SetUp() override { load(GetParam()); }

  // The means of the cases whose pushes go through a layer at least.
  std::vector<MeanKl> at(double epsilon) const {
    std::vector<MeanKl> chosen;
    for (const test::GoldenCase& golden : cases_)
      for (const MeanKl& one : means(golden, ReadoutKind::kPredicting)) {
        if (one.epsilon == 0) {
          EXPECT_EQ(one.found, 0.0) << "a zero push is exactly zero";
        }
        if (one.epsilon == epsilon && golden.layer.value + 1 < model_->config().num_layers)
          chosen.push_back(one);
      }
    for (const MeanKl& one : chosen)
      std::printf("layer %d epsilon %g: plain-bf16 finds %.3g times the KL\n", one.layer.value, one.epsilon,
                  one.found / one.expected);
    return chosen;
  }
};

}  // namespace
}  // namespace tugline
