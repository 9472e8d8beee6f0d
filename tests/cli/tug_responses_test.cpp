// tug --json against the responses that tests/fixtures/make_responses.py computed in float64: the program
// from its arguments to its output, on the tiny models that are in the repository.
#include <algorithm>
#include <cmath>
#include <compare>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

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

  // Where a golden's push lands. A head's directions have fewer components than the file's.
  struct Place {
    std::string hook;
    std::string at;
    int32_t layer;
    double temperature;
    auto operator<=>(const Place&) const = default;
  };
  static Place place_of(const json& one) {
    return {one.at("hook"), one.value("at", "before"), one.at("layer"), one.at("temperature")};
  }

  [[nodiscard]] std::set<Place> places() const {
    std::set<Place> found;
    for (const json& one : golden_.at("responses"))
      if (one.at("hook") != "z") found.insert(place_of(one));
    return found;
  }

  [[nodiscard]] json tug(const Place& place, const std::string& readout) const {
    json epsilons = json::array();
    for (const json& one : golden_.at("responses"))
      if (place_of(one) == place && one.at("direction") == 0) epsilons.push_back(one.at("epsilon"));
    const ProgramOutcome outcome =
        tugline("tug '" + tiny_path(GetParam()).string() + "' --ids " + joined(golden_.at("ids")) +
                " --bos never --span " + golden_.at("span").at(0).dump() + ":" +
                golden_.at("span").at(1).dump() + " --layers " + std::to_string(place.layer) + " --hook " +
                place.hook + " --at " + place.at + " --epsilons=" + joined(epsilons) + " --temperature " +
                json(place.temperature).dump() + " --readout " + readout + " --direction-file '" +
                (folder_of_model_ / "directions.npy").string() + "' --json");
    EXPECT_EQ(outcome.status, 0) << outcome.err;
    const json found = json::parse(outcome.out);
    EXPECT_EQ(found.at("hook"), place.hook);
    EXPECT_EQ(found.at("at"), place.at);
    EXPECT_TRUE(found.at("head").is_null());
    return found.at("layers").at(0);
  }

  // The golden of a push that tug made.
  [[nodiscard]] const json& golden_of(const json& found, const Place& place) const {
    for (const json& one : golden_.at("responses"))
      if (place_of(one) == place && one.at("direction") == found.at("direction") &&
          one.at("epsilon") == found.at("epsilon"))
        return one;
    throw std::out_of_range("no golden");
  }

  void expect_site(const Place& place, const std::string& readout) const {
    SCOPED_TRACE(place.hook + ", at " + place.at + ", layer " + std::to_string(place.layer) + ", " + readout);
    const json measured = tug(place, readout);
    const auto& rows = measured.at("rows");
    const size_t first = golden_.at("span").at(0).get<size_t>() - 1;  // of the golden's rows
    std::map<double, std::pair<double, double>>
        sums;  // by epsilon, over directions and rows: found, expected
    for (const json& found : measured.at("responses")) {
      const json& golden = golden_of(found, place);
      auto& [found_sum, expected_sum] = sums[found.at("epsilon")];
      for (size_t i = 0; i < rows.size(); ++i) {
        const size_t row = rows.at(i).get<size_t>() - first;
        found_sum += found.at("kl").at(i).get<double>();
        expected_sum += golden.at("kl").at(row).get<double>();
        EXPECT_EQ(found.at("by_row").at("top1_flip").at(i), golden.at("top1_flip").at(row));
      }
    }
    EXPECT_FALSE(sums.empty());
    for (const auto& [epsilon, sum] : sums)
      EXPECT_NEAR(sum.first, sum.second, 1e-5 * sum.second) << "epsilon " << epsilon;
  }

  std::filesystem::path folder_of_model_;
  json golden_;
};

// 1e-5: docs/method.md, "Precision".
TEST_P(TugResponses, MeanKlAndFlips) {
  for (const Place& place : places()) {
    if (place.at != "last") expect_site(place, "predicting");
    expect_site(place, "following");
  }
}

INSTANTIATE_TEST_SUITE_P(Models, TugResponses,
                         testing::Values("llama", "llama_biases", "qwen2", "qwen3", "mistral", "olmo2",
                                         "olmo2.gguf", "gpt_neox", "gpt_neox_serial", "qwen3_window",
                                         "gpt_neox.gguf", "llama.gguf", "qwen2.gguf"),
                         [](const auto& setup) {
                           std::string name = setup.param;
                           std::replace(name.begin(), name.end(), '.', '_');
                           return name;
                         });

}  // namespace
}  // namespace tugline::test
