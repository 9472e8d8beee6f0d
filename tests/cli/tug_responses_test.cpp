// tug --json against the responses that tests/fixtures/make_responses.py computed in float64: the program from its arguments to its
// output, on the tiny models that are in the repository.
#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>

#include "commands.h"
#include "support/tiny_models.h"

namespace tugline::test {
namespace {

using nlohmann::json;

std::string joined(const json& list) {
  const std::string text = list.dump();
  return text.substr(1, text.size() - 2);
}

class TugResponses : public Commands, public testing::WithParamInterface<std::string> {
 protected:
  void SetUp() override {
    folder_of_model_ = tiny_path(GetParam().substr(0, GetParam().find('.')));
    golden_ = read_json(folder_of_model_ / "responses.json");
  }

  [[nodiscard]] json tug(int32_t layer, double temperature, const std::string& readout) const {
    json epsilons = json::array();
    for (const json& one : golden_.at("responses"))
      if (std::find(epsilons.begin(), epsilons.end(), one.at("epsilon")) == epsilons.end())
        epsilons.push_back(one.at("epsilon"));
    const ProgramOutcome outcome = tugline(
        "tug '" + tiny_path(GetParam()).string() + "' --ids " + joined(golden_.at("ids")) +
        " --bos never --span " + golden_.at("span").at(0).dump() + ":" + golden_.at("span").at(1).dump() +
        " --layers " + std::to_string(layer) + " --epsilons=" + joined(epsilons) + " --temperature " +
        json(temperature).dump() + " --readout " + readout + " --direction-file '" +
        (folder_of_model_ / "directions.npy").string() + "' --json");
    EXPECT_EQ(outcome.status, 0) << outcome.err;
    return json::parse(outcome.out).at("layers").at(0);
  }

  // The golden of a push that tug made, which lands at resid_post.
  [[nodiscard]] const json& golden_of(const json& found, int32_t layer, double temperature) const {
    for (const json& one : golden_.at("responses"))
      if (one.at("hook") == "resid_post" && one.at("layer") == layer &&
          one.at("temperature") == temperature && one.at("direction") == found.at("direction") &&
          one.at("epsilon") == found.at("epsilon"))
        return one;
    throw std::out_of_range("no golden");
  }

  void expect_site(int32_t layer, double temperature, const std::string& readout) const {
    SCOPED_TRACE("layer " + std::to_string(layer) + ", " + readout);
    const json measured = tug(layer, temperature, readout);
    const auto& rows = measured.at("rows");
    const auto position = measured.at("position").get<size_t>();
    std::map<double, std::pair<double, double>>
        sums;  // by epsilon, over directions and rows: found, expected
    for (const json& found : measured.at("responses")) {
      const json& golden = golden_of(found, layer, temperature);
      auto& [found_sum, expected_sum] = sums[found.at("epsilon")];
      for (size_t i = 0; i < rows.size(); ++i) {
        const size_t row = rows.at(i).get<size_t>() - position;
        found_sum += found.at("kl").at(i).get<double>();
        expected_sum += golden.at("kl").at(row).get<double>();
        EXPECT_EQ(found.at("by_row").at("top1_flip").at(i), golden.at("top1_flip").at(row));
      }
    }
    EXPECT_EQ(sums.size(), 3U);
    for (const auto& [epsilon, sum] : sums)
      EXPECT_NEAR(sum.first, sum.second, 1e-5 * sum.second) << "epsilon " << epsilon;
  }

  std::filesystem::path folder_of_model_;
  json golden_;
};

// 1e-5: docs/method.md, "Precision".
TEST_P(TugResponses, MeanKlAndFlips) {
  for (const char* readout : {"predicting", "following"}) {
    expect_site(0, 0.7, readout);
    expect_site(1, 1, readout);
    expect_site(2, 1, readout);
  }
}

INSTANTIATE_TEST_SUITE_P(Models, TugResponses,
                         testing::Values("llama", "llama_biases", "qwen2", "qwen3", "mistral", "olmo2",
                                         "olmo2.gguf", "gpt_neox", "gpt_neox_serial", "gpt_neox.gguf",
                                         "llama.gguf", "qwen2.gguf"),
                         [](const auto& setup) {
                           std::string name = setup.param;
                           std::replace(name.begin(), name.end(), '.', '_');
                           return name;
                         });

}  // namespace
}  // namespace tugline::test
