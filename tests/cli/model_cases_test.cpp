// The built program on small model directories in the manner of public bug reports, with right answers from
// elsewhere.
#include <cmath>
#include <nlohmann/json.hpp>
#include <vector>

#include "commands.h"
#include "support/shared.h"

namespace tugline::test {
namespace {

// The answers are printed from double; the program's f32 keeps mean KLs to 1e-5 of themselves, the norm of a
// residual to 1e-6.
constexpr double kKlTolerance = 1e-5;
constexpr double kRmsTolerance = 1e-6;

class ModelCases : public Commands {
 protected:
  void SetUp() override {
    Commands::SetUp();
    if (!shared_dir()) GTEST_SKIP() << "the cases are not beside the checkout (TUGLINE_SHARED_DIR)";
    cases_ = *shared_dir() / "cases";
  }
  [[nodiscard]] nlohmann::json expected(const std::string& name) const {
    return nlohmann::json::parse(file_text(cases_ / name / "expected.json"));
  }
  [[nodiscard]] ProgramOutcome tug(const std::string& model, const std::string& directions) const {
    return tugline(
        "tug '" + (cases_ / model).string() +
        "' --ids 5,77,200,12,45,100,33,121,88,9,250,31 --bos never --span 6:10 --layers 1 --epsilons 1 "
        "--json " +
        directions);
  }
  // The response of each direction, and the RMS at the site, are those of `right`.
  void expect_right(const std::string& model, const std::string& directions,
                    const nlohmann::json& right) const {
    const ProgramOutcome outcome = tug(model, directions);
    ASSERT_EQ(outcome.status, 0) << outcome.err;
    const auto layer = nlohmann::json::parse(outcome.out).at("layers").at(0);
    EXPECT_NEAR(layer.at("rms").get<double>() / right.at("rms").get<double>(), 1, kRmsTolerance);
    const auto kl = right.at("mean_kl").get<std::vector<double>>();
    for (size_t i = 0; i < kl.size(); ++i) {
      const double found = layer.at("responses").at(i).at("mean").get<double>();
      EXPECT_NEAR(found / kl[i], 1, kKlTolerance) << model << " direction " << i;
    }
  }
  void expect_f64(const std::string& model, const std::string& name) const {
    auto right = expected(name).at("right_f64");
    if (right.contains(std::filesystem::path(model).filename().string()))
      right = right.at(std::filesystem::path(model).filename().string());
    expect_right(model, "--direction-file '" + (cases_ / "direction-files" / "plain.npy").string() + "'",
                 right);
  }
  void expect_cannot_run(const std::string& model, const std::vector<std::string>& words) const {
    const ProgramOutcome outcome = tugline("inspect --json '" + (cases_ / model).string() + "'");
    EXPECT_EQ(outcome.status, 2) << outcome.out;
    EXPECT_EQ(nlohmann::json::parse(outcome.out).at("supported"), false);
    for (const std::string& word : words) {
      EXPECT_TRUE(holds(outcome.err, word)) << model << "\n" << outcome.err << "\nshould say: " << word;
      EXPECT_TRUE(holds(tug(model, "--directions 2").err, word)) << model << " should say: " << word;
    }
    EXPECT_EQ(tug(model, "--directions 2").status, 2);
  }
  std::filesystem::path cases_;
};

TEST_F(ModelCases, TiedWithAHeadOfItsOwn) {
  expect_right("tied-with-own-head/model", "--directions 2", expected("tied-with-own-head").at("right"));
  expect_f64("tied-with-own-head/model", "tied-with-own-head");
  EXPECT_TRUE(holds(tug("tied-with-own-head/model", "--directions 2").err, "lm_head.weight"));
}

TEST_F(ModelCases, TensorsAreChecked) {
  expect_cannot_run("inspect-tensors/no-prefix", {"model.embed_tokens.weight", "prefix 'model.'"});
  expect_cannot_run("inspect-tensors/no-head", {"lm_head.weight"});
  expect_right("inspect-tensors/int-tensor", "--directions 2",
               expected("inspect-tensors").at("right").at("int-tensor"));
}

TEST_F(ModelCases, AGitLfsPointer) { expect_cannot_run("lfs-pointer/model", {"git-lfs", "git lfs pull"}); }

TEST_F(ModelCases, RopeParametersByLayerType) {
  expect_right("rope-parameters/nested", "--directions 2",
               expected("rope-parameters").at("right").at("nested"));
  expect_f64("rope-parameters/nested", "rope-parameters");
}

// Both say yarn, with the same numbers except for theta.
TEST_F(ModelCases, YarnIsAppliedWhereverItIsWritten) {
  for (const char* model : {"rope-parameters/nested-yarn", "rope-parameters/both"}) {
    const ProgramOutcome outcome = tugline("inspect --json '" + (cases_ / model).string() + "'");
    ASSERT_EQ(outcome.status, 0) << outcome.err;
    const auto config = nlohmann::json::parse(outcome.out).at("config");
    EXPECT_EQ(config.at("rope_scaling"), "yarn");
    EXPECT_EQ(config.at("rope_factor"), 4.0);
    EXPECT_DOUBLE_EQ(config.at("rope_attention_factor").get<double>(), 0.1 * std::log(4.0) + 1);
    EXPECT_EQ(tug(model, "--directions 2").status, 0);
  }
}

}  // namespace
}  // namespace tugline::test
