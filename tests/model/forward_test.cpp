// Whole forward passes: every architecture against transformers in float64, and GGUF against the same weights
// as the hub has them.
#include <gtest/gtest.h>

#include <cmath>

#include "support/tiny_models.h"
#include "tugline/probe/baseline.h"

namespace tugline::test {
namespace {

using Logits = std::vector<double>;  // [ids * vocabulary]

Logits logits_of(const Model& model, const std::vector<int32_t>& ids) {
  const std::vector<LayerIndex> layers{{0}};
  const Baseline baseline(model, ids, layers);
  return model.backend().logits(*model.weights().head, baseline.final_normed().matrix());
}

double largest_difference(const Logits& a, const Logits& b) {
  EXPECT_EQ(a.size(), b.size());
  double largest = 0;
  for (size_t i = 0; i < a.size(); ++i) largest = std::max(largest, std::abs(a[i] - b[i]));
  return largest;
}

Logits flat(const std::vector<std::vector<double>>& rows) {
  Logits all;
  for (const auto& row : rows) all.insert(all.end(), row.begin(), row.end());
  return all;
}

class Forward : public testing::TestWithParam<const char*> {};

// Logits of these models are a few units large. The reference is f64, so is the expectation: 1e-9 leaves room
// for both's rounding.
TEST_P(Forward, ReferenceAgreesWithTransformers) {
  const auto backend = make_reference_backend();
  const Expected expected = expected_logits(GetParam());
  EXPECT_LT(
      largest_difference(logits_of(load_tiny(GetParam(), *backend), expected.ids), flat(expected.logits)),
      1e-9);
}

// f32 through three layers with weights that make every part matter: some hundred roundings of values of
// order 10.
TEST_P(Forward, CpuAgreesToF32) {
  const auto backend = make_cpu_backend();
  const Expected expected = expected_logits(GetParam());
  EXPECT_LT(
      largest_difference(logits_of(load_tiny(GetParam(), *backend), expected.ids), flat(expected.logits)),
      1e-4);
}

INSTANTIATE_TEST_SUITE_P(Architectures, Forward,
                         testing::Values("llama", "llama_biases", "qwen2", "qwen3", "mistral", "olmo2",
                                         "gpt_neox", "gpt_neox_serial", "qwen3_window"),
                         [](const auto& name) { return std::string(name.param); });

// The GGUF has q and k permuted and its own names. Its RoPE scaling is divisors in f32, which is what the
// tolerance is for: a wrong row order changes logits by several units.
TEST(ForwardGguf, LlamaIsTheHubsLlama) {
  const auto backend = make_reference_backend();
  const Expected expected = expected_logits("llama");
  EXPECT_LT(
      largest_difference(logits_of(load_tiny("llama.gguf", *backend), expected.ids), flat(expected.logits)),
      1e-5);
}

// Not permuted, with biases and a tied head: the very same numbers.
TEST(ForwardGguf, Qwen2IsTheHubsQwen2) {
  const auto backend = make_reference_backend();
  const Expected expected = expected_logits("qwen2");
  const Logits hub = logits_of(load_tiny("qwen2", *backend), expected.ids);
  EXPECT_EQ(logits_of(load_tiny("qwen2.gguf", *backend), expected.ids), hub);
}

// Norms with other names and q and k that are not permuted; q, k and v in another order: the very same
// numbers.
TEST(ForwardGguf, OtherFamiliesAreTheHubs) {
  const auto backend = make_reference_backend();
  for (const std::string name : {"olmo2", "gpt_neox"}) {
    const Expected expected = expected_logits(name);
    const Logits hub = logits_of(load_tiny(name, *backend), expected.ids);
    EXPECT_EQ(logits_of(load_tiny(name + ".gguf", *backend), expected.ids), hub) << name;
  }
}

}  // namespace
}  // namespace tugline::test
