// Responses of the goldens' tiny models.
#include <algorithm>

#include "probe/golden_responses.h"

namespace tugline {
namespace {

INSTANTIATE_TEST_SUITE_P(Tiny, GoldenResponses,
                         testing::Values(Setup{"qwen2", true}, Setup{"qwen2", false}, Setup{"llama", true},
                                         Setup{"llama", false}, Setup{"qwen2-f16", true},
                                         Setup{"qwen2-f16", false}),
                         [](const auto& setup) {
                           std::string name =
                               setup.param.model + (setup.param.reference ? "_reference" : "_cpu");
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

}  // namespace
}  // namespace tugline
