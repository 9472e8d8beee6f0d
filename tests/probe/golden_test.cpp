// Responses of the goldens' tiny models.
#include "probe/golden_responses.h"

namespace tugline {
namespace {

INSTANTIATE_TEST_SUITE_P(Tiny, GoldenResponses, testing::ValuesIn([] {
                           std::vector<Setup> setups;
                           for (const char* model : {"qwen2", "llama", "qwen2-f16"})
                             for (const Precision precision :
                                  {Precision::kF64, Precision::kF32, Precision::kBf16})
                               setups.push_back({model, precision});
                           return setups;
                         }()),
                         [](const auto& setup) { return name_of_setup(setup.param); });

}  // namespace
}  // namespace tugline
