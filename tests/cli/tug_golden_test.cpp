// tug --json against the golden responses, on their ids and directions.
#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <numeric>

#include "support/cache.h"
#include "support/golden.h"
#include "support/run_program.h"
#include "support/shared.h"

namespace tugline::test {
namespace {

std::string joined(const nlohmann::json& list) {
  const std::string text = list.dump();
  return text.substr(1, text.size() - 2);
}

// Differences in f32 are right to 1e-5 of a mean KL at every epsilon (docs/method.md, "Precision": 7.3e-6 at
// worst).
constexpr double kTolerance = 2e-5;

class TugGolden : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    if (!shared_dir()) GTEST_SKIP() << "the goldens are not beside the checkout (TUGLINE_SHARED_DIR)";
    folder_ = *shared_dir() / "golden";
    model_ = (folder_ / "models" / GetParam()).string();
    if (GetParam() == "smollm2") {
      const auto cached = cached_file("SmolLM2-135M-Instruct.Q4_1.gguf");
      if (!cached) GTEST_SKIP() << "SmolLM2 is not in the cache; scripts/fetch_smollm2.py fetches it";
      model_ = cached->string();
    }
  }

  [[nodiscard]] nlohmann::json run(const nlohmann::json& golden, const std::string& readout) const {
    const std::string directions = (folder_ / ("directions_" + GetParam() + ".safetensors")).string() + ":" +
                                   golden["directions"].get<std::string>();
    const std::string span = golden["span"][0].dump() + ":" + golden["span"][1].dump();
    const ProgramOutcome outcome = run_program(
        "'" TUGLINE_PROGRAM "' tug '" + model_ + "' --ids " + joined(golden["ids"]) + " --bos never --span " +
        span + " --layers " + golden["layer"].dump() + " --epsilons " + joined(golden["epsilons"]) +
        " --readout " + readout + " --direction-file '" + directions + "' --json");
    EXPECT_EQ(outcome.status, 0) << outcome.err;
    return nlohmann::json::parse(outcome.out);
  }

  static void expect_case(const nlohmann::json& golden, const std::string& readout,
                          const nlohmann::json& found) {
    EXPECT_EQ(found["ids"], golden["ids"]);
    const auto& layer = found["layers"][0];
    EXPECT_EQ(layer["rows"], golden[readout]["rows"]);
    EXPECT_NEAR(layer["rms"].get<double>(), golden["rms"].get<double>(), 1e-5 * golden["rms"].get<double>());
    std::map<double, std::pair<double, double>>
        sums;  // epsilon -> over directions and rows, expected and found
    for (const auto& response : layer["responses"]) {
      const auto epsilon_index = static_cast<size_t>(
          std::find(golden["epsilons"].begin(), golden["epsilons"].end(), response["epsilon"]) -
          golden["epsilons"].begin());
      const auto rows = golden[readout]["kl"][response["direction"].get<size_t>()][epsilon_index]
                            .get<std::vector<double>>();
      ASSERT_EQ(response["kl"].size(), rows.size());
      const double mean = std::accumulate(rows.begin(), rows.end(), 0.0) / static_cast<double>(rows.size());
      auto& [expected_sum, found_sum] = sums[response["epsilon"].get<double>()];
      expected_sum += mean;
      found_sum += response["mean"].get<double>();
    }
    for (const auto& [epsilon, sum] : sums) {
      if (epsilon == 0) {
        EXPECT_EQ(sum.second, 0);
      } else if (epsilon >= 0.25 && sum.first > 0) {
        EXPECT_LE(std::abs(sum.second / sum.first - 1), kTolerance)
            << readout << " layer " << golden["layer"] << " epsilon " << epsilon;
      }
    }
  }

  std::filesystem::path folder_;
  std::string model_;
};

TEST_P(TugGolden, Responses) {
  const auto golden = nlohmann::json::parse(file_text(folder_ / ("responses_" + GetParam() + ".json")));
  ASSERT_FALSE(golden["cases"].empty());
  for (const auto& one : golden["cases"])
    for (const char* readout : {"predicting", "following"}) expect_case(one, readout, run(one, readout));
}

INSTANTIATE_TEST_SUITE_P(Models, TugGolden, testing::Values("qwen2", "llama", "qwen2-f16", "smollm2"),
                         [](const auto& setup) {
                           std::string name = setup.param;
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

}  // namespace
}  // namespace tugline::test
