// Responses of SmolLM2, a real model; minutes on the reference backend.
#include "probe/golden_responses.h"

namespace tugline {
namespace {

INSTANTIATE_TEST_SUITE_P(Smol, GoldenResponses,
                         testing::Values(Setup{"smollm2", true}, Setup{"smollm2", false}),
                         [](const auto& setup) {
                           return std::string(setup.param.reference ? "reference" : "cpu");
                         });

}  // namespace
}  // namespace tugline
