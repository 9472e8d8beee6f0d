// The forecast of a sweep and the merge of its shards, through the public headers.
#include "tugline/shards.h"

#include <gtest/gtest.h>

#include <fstream>

#include "support/temporary_folder.h"

namespace tugline::test {
namespace {

constexpr const char* kData = R"([
 {"prompt": "p", "model_input_prompt": "Add. <think>", "cot": "The sum is on the sheet. So the total is 12. And so on, then.",
  "thought_anchor_idx": 1, "thought_anchor_sentence": "So the total is 12."}])";

class ShardsOfARun : public testing::Test {
 protected:
  void SetUp() override { std::ofstream(folder_ / "data.json") << kData; }
  [[nodiscard]] std::string path(const std::string& name) const { return (folder_ / name).string(); }
  [[nodiscard]] DataSource data() const { return {.path = path("data.json")}; }
  [[nodiscard]] static SweepSettings settings(int64_t shard = 1, int64_t shards = 1) {
    return {.push = {.layers = {0, 2}, .epsilons = {1}, .directions = 2},
            .spans = {"chunks"},
            .shard = shard,
            .shards = shards};
  }
  TemporaryFolder folder_;
  LanguageModel model_ = LanguageModel::load(TUGLINE_FIXTURES "/tiny_model", {.threads = 1});
};

TEST_F(ShardsOfARun, AreForecastAndMerged) {
  const SweepForecast whole = forecast(model_, data(), path("run.db"), settings());
  EXPECT_EQ(whole.spans, 2);
  EXPECT_EQ(whole.units, 4);
  EXPECT_EQ(whole.units_left, 4);
  EXPECT_GT(whole.seconds, 0);
  EXPECT_EQ(folder_.names(), std::vector<std::string>{"data.json"}) << "nothing is measured";

  (void)sweep(model_, data(), path("1.db"), settings(1, 2));
  (void)sweep(model_, data(), path("2.db"), settings(2, 2));
  std::vector<std::string> warnings;
  const Watch watch{.warn = [&](const std::string& sentence) { warnings.push_back(sentence); }};
  (void)merge(path("part.db"), {path("2.db")}, watch);
  ASSERT_EQ(warnings.size(), 2U);
  EXPECT_NE(warnings[1].find("shard 1/2 was not given"), std::string::npos) << warnings[1];
  const tugline::Run run = merge(path("run.db"), {path("1.db"), path("2.db")}, watch);
  EXPECT_EQ(warnings.size(), 2U);
  EXPECT_EQ(run.table("units").rows, 4);
  const SweepForecast after = forecast(model_, data(), path("run.db"), settings());
  EXPECT_EQ(after.units_left, 0);
  EXPECT_EQ(after.seconds, 0);
}

TEST_F(ShardsOfARun, AreNotForecastForSettingsThatCannotBe) {
  EXPECT_THROW((void)forecast(model_, data(), "", settings(3, 2)), Error);
  EXPECT_THROW((void)merge(path("run.db"), {}), Error);
}

}  // namespace
}  // namespace tugline::test
