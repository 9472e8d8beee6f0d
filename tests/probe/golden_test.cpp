// Responses of the goldens' tiny models.
#include "probe/golden_responses.h"

namespace tugline {
namespace {

INSTANTIATE_TEST_SUITE_P(
    Tiny, GoldenResponses, testing::ValuesIn([] {
      std::vector<Setup> setups;
      for (const char* model : {"qwen2", "llama", "qwen2-f16"})
        for (const Precision precision : {Precision::kF64, Precision::kF32, Precision::kBf16})
          setups.push_back({model, precision});
      // What these have beyond the others is in configuration and values, which bf16 products do not see.
      for (const char* model :
           {"families/llama-yarn", "families/qwen2-yarn", "families/qwen3", "families/mistral",
            "families/mistral-window", "families/olmo2", "families/gpt_neox", "families/gpt_neox-serial"})
        for (const Precision precision : {Precision::kF64, Precision::kF32})
          setups.push_back({model, precision});
      setups.push_back({"qwen2", Precision::kBf16, Bf16Products::kNative});
      return setups;
    }()),
    [](const auto& setup) { return name_of_setup(setup.param); });

// Pushes of 10 RMS are large beside bf16's noise; those of a hundredth are drowned in it.
TEST_P(GoldenPlainBf16, IsRightForLargePushesOnly) {
  for (const MeanKl& one : at(10)) EXPECT_NEAR(one.found / one.expected, 1, 0.1) << one.layer.value;
  for (const MeanKl& one : at(0.01)) EXPECT_GT(one.found / one.expected, 10) << one.layer.value;
}

INSTANTIATE_TEST_SUITE_P(Tiny, GoldenPlainBf16,
                         testing::Values(Setup{"qwen2", Precision::kPlainBf16},
                                         Setup{"llama", Precision::kPlainBf16},
                                         Setup{"qwen2-f16", Precision::kPlainBf16}),
                         [](const auto& setup) { return name_of_setup(setup.param); });

}  // namespace
}  // namespace tugline
