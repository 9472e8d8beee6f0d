// Direction files as people save them: each gives the responses of the plain one, to bf16's rounding where
// they are in bf16.
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "support/run_program.h"
#include "support/shared.h"

namespace tugline::test {
namespace {

TEST(DirectionCases, EveryFormGivesTheResponsesOfThePlainOne) {
  if (!shared_dir()) GTEST_SKIP() << "the cases are not beside the checkout (TUGLINE_SHARED_DIR)";
  const std::filesystem::path folder = *shared_dir() / "cases" / "direction-files";
  const auto right = nlohmann::json::parse(std::ifstream(folder / "expected.json")).at("right");
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const std::string extension = entry.path().extension();
    if (extension != ".npy" && extension != ".npz" && extension != ".safetensors" && extension != ".gguf")
      continue;
    SCOPED_TRACE(entry.path());
    const ProgramOutcome outcome =
        run_program("OMP_NUM_THREADS=1 '" TUGLINE_PROGRAM "' tug '" + (folder / "model").string() +
                    "' --ids 5,77,200,12,45,100,33,121,88,9,250,31 --bos never --span 6:10 --layers 1 "
                    "--epsilons 1 --json "
                    "--direction-file '" +
                    entry.path().string() + "'");
    ASSERT_EQ(outcome.status, 0) << outcome.err;
    const auto responses = nlohmann::json::parse(outcome.out).at("layers").at(0).at("responses");
    ASSERT_GE(responses.size(), 1U);  // of a control vector the first
    ASSERT_LE(responses.size(), right.size());
    // A component that is rounded to 8 bits moves by 2^-9 of itself at most, and KL by twice that at most, of
    // itself.
    const bool is_bf16 = entry.path().stem() == "bf16";
    for (size_t i = 0; i < responses.size(); ++i) {
      const double expected = right[i].get<double>();
      EXPECT_NEAR(responses[i].at("mean").get<double>(), expected, (is_bf16 ? 0x1p-8 : 1e-5) * expected);
    }
  }
}

}  // namespace
}  // namespace tugline::test
