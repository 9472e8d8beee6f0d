// The built program's dose on sweeps of the tiny model.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "cli/commands.h"

namespace tugline::test {
namespace {

using nlohmann::json;

class DoseCommand : public Commands {
 protected:
  // Runs the command, whose result is JSON.
  [[nodiscard]] json result(const std::string& arguments) const {
    const ProgramOutcome outcome = tugline(arguments);
    EXPECT_EQ(outcome.status, 0) << arguments << "\n" << outcome.err;
    return outcome.status == 0 ? json::parse(outcome.out) : json();
  }
  void sweep(const std::string& arguments) const {
    const ProgramOutcome swept = tugline("sweep \"$MODEL\" data.json --audit 0 " + arguments);
    ASSERT_EQ(swept.status, 0) << swept.err;
  }
};

// The dose of one direction at one span, checked by the push itself: another run pushes there.
TEST_F(DoseCommand, APushAtTheDoseReachesTheTarget) {
  sweep("-o run.db --layers 0,1 --epsilons=-8:8:17 --directions 2");
  const json doses = result("dose run.db --kl 0.02 --by push --json")["doses"];
  ASSERT_EQ(doses.size(), 2U * 2 * 2 * 2) << "two layers, two spans, two directions, two sides";
  int checked = 0;
  for (const json& dose : doses) {
    if (dose["place"] == "beyond") continue;
    const double epsilon = dose["epsilon"];
    sweep("-o pushed.db --layers " + dose["layer"].dump() +
          " --directions 2 --epsilons=" + dose["epsilon"].dump());
    for (const json& pushed : result("export pushed.db --table responses --format json")) {
      if (pushed["example"] != dose["example"] || pushed["direction"] != dose["direction"]) continue;
      // KL goes like epsilon^2: its relative error is about twice the dose's.
      const double relative = 3 * dose["interpolation_error"].get<double>() / std::abs(epsilon);
      EXPECT_NEAR(pushed["kl"].get<double>(), 0.02, 0.02 * relative) << dose;
      EXPECT_LT(relative, 0.5) << "the error says something";
      ++checked;
    }
    std::filesystem::remove(folder_.path() / "pushed.db");
  }
  EXPECT_GT(checked, 3) << "the target is reached";
}

TEST_F(DoseCommand, EachVectorHasItsDose) {
  sweep("-o run.db --layers 0,1 --epsilons 0,1,2,4,8 --directions 3");
  const json layers = result("dose run.db --kl 0.001 --json --resamples 200")["doses"];
  ASSERT_EQ(layers.size(), 2U);
  EXPECT_EQ(layers[0]["directions"], 3);
  EXPECT_LE(layers[0]["ci_low"], layers[0]["epsilon"]);
  EXPECT_GE(layers[0]["ci_high"], layers[0]["epsilon"]);
  EXPECT_EQ(result("dose run.db --kl 0.001 --json --resamples 200")["doses"], layers) << "the same again";
  expect_refused("dose run.db --kl 0.001 --by direction", "differ from span to span");
  sweep("-o principal.db --layers 0,1 --epsilons 0,1,2,4,8 --directions 2 --direction-family principal");
  const json components = result("dose principal.db --kl 0.001 --json --resamples 200")["doses"];
  ASSERT_EQ(components.size(), 4U);
  EXPECT_EQ(components[1]["direction"], 1);
  EXPECT_EQ(components[1]["spans"], 2);
}

TEST_F(DoseCommand, SaysWhatThereIs) {
  sweep("-o run.db --layers 0 --epsilons 0,1,2 --directions 2 --readout following");
  expect_refused("dose run.db --kl 1e6", "no curve reaches 1e+06 nats. The largest of 1 curve: ");
  expect_refused("dose run.db --kl 0", "--kl");
  expect_refused("dose run.db", "--kl");
  expect_refused("dose run.db --kl 1 --statistic own-row", "does not read the pushed token's own row");
  expect_refused("dose run.db --kl 1 --statistic median", "--statistic");
  sweep("-o zero.db --layers 0 --epsilons 0 --directions 2");
  EXPECT_EQ(tugline("dose zero.db --kl 0.1").status, 3);
}

TEST_F(DoseCommand, StatisticsOfTheRowsAreOrdered) {
  sweep("-o run.db --layers 0 --epsilons 0:4:9 --directions 2");
  const auto dose = [&](const std::string& statistic) {
    return result("dose run.db --kl 0.001 --json --resamples 100 --statistic " +
                  statistic)["doses"][0]["epsilon"]
        .get<double>();
  };
  EXPECT_LT(dose("p95"), dose("mean")) << "the largest rows get there first";
  EXPECT_LT(dose("own-row"), dose("mean")) << "the pushed row moves most";
  const ProgramOutcome csv = tugline("dose run.db --kl 0.001 --resamples 100 --csv");
  EXPECT_TRUE(csv.out.starts_with("span_kind,layer,null_direction,direction,")) << csv.out;
  EXPECT_EQ(std::ranges::count(csv.out, '\n'), 2);
}

}  // namespace
}  // namespace tugline::test
