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

// Few epsilons leave a wide error. A refined dose has a small one, and the push at it reaches the target; the
// run stays as it is.
TEST_F(DoseCommand, RefinedDosesAreReached) {
  sweep("-o run.db --layers 0,2 --epsilons 0,2,4,8 --directions 2");
  const std::string before = tugline("export run.db --table responses").out;
  const json rough = result("dose run.db --kl 0.01 --json --resamples 100")["doses"];
  const json doses =
      result("dose run.db \"$MODEL\" data.json --kl 0.01 --refine --json --resamples 100")["doses"];
  ASSERT_EQ(doses.size(), rough.size());
  for (size_t i = 0; i < doses.size(); ++i) {
    if (doses[i]["place"] == "beyond") continue;
    const double epsilon = doses[i]["epsilon"];
    EXPECT_LT(doses[i]["interpolation_error"].get<double>(), 1e-3 * epsilon) << doses[i];
    EXPECT_LT(std::abs(epsilon - rough[i]["epsilon"].get<double>()), rough[i]["interpolation_error"]);
    sweep("-o pushed.db --directions 2 --layers " + doses[i]["layer"].dump() + " --epsilons " +
          doses[i]["epsilon"].dump());
    const json curve = result("export pushed.db --table curves --format json");
    EXPECT_NEAR(curve[0]["kl"].get<double>(), 0.01, 0.01 * 3e-3) << doses[i];
    std::filesystem::remove(folder_.path() / "pushed.db");
  }
  EXPECT_EQ(tugline("export run.db --table responses").out, before);
}

// The pushes can be kept, go on, and be joined with the run.
TEST_F(DoseCommand, FurtherPushesAreARunStoreOfTheSameRun) {
  sweep(
      "-o run.db --layers 0 --epsilons 0,2,4,8 --directions 2 --spans anchor,controls --hook resid_mid "
      "--seed 5");
  const std::string command = "dose run.db \"$MODEL\" data.json --kl 0.01 --tangents --json --resamples 100";
  const json kept = result(command + " -o pushes.db");
  EXPECT_EQ(result(command + " -o pushes.db"), kept) << "nothing is left to push";
  EXPECT_EQ(tugline("merge all.db run.db pushes.db").status, 0);
  EXPECT_EQ(result("dose all.db --kl 0.01 --tangents --json --resamples 100")["doses"][0]["curvature"],
            kept["doses"][0]["curvature"]);
  EXPECT_FALSE(kept["effective_ranks"].empty());
  expect_refused("dose run.db --kl 0.01 --tangents", "give the model and the data");
  expect_refused("dose run.db --kl 0.01 --refine", "give the model and the data");
  expect_refused("dose run.db \"$MODEL\" data.json --kl 0.01", "only for refinement and tangents");
  expect_refused("dose run.db \"$MODEL\" --kl 0.01 --refine", "DATA is missing");
  std::string other = kData;
  other.replace(other.find("sheet"), 5, "paper");
  write("other.json", other);
  expect_refused("dose run.db \"$MODEL\" other.json --kl 0.01 --refine", "");
}

// KL / (eps^2 / 2) of a push of 0.001, measured by another run.
TEST_F(DoseCommand, ATangentIsTheLimitOfItsPush) {
  sweep("-o run.db --layers 1 --epsilons 0,0.5,1,2 --directions 2");
  sweep("-o tiny.db --layers 1 --epsilons=-0.001,0.001 --directions 2");
  const json doses =
      result("dose run.db \"$MODEL\" data.json --kl 0.0001 --tangents --by push --json")["doses"];
  const json pushes = result("export tiny.db --table responses --format json");
  ASSERT_EQ(doses.size(), 4U);
  for (const json& dose : doses) {
    double limit = 0;
    for (const json& push : pushes)
      if (push["example"] == dose["example"] && push["direction"] == dose["direction"])
        limit += push["kl"].get<double>() / (0.001 * 0.001 / 2) / 2;
    EXPECT_NEAR(dose["curvature"].get<double>(), limit, dose["curvature_error"].get<double>() + 2e-5 * limit)
        << dose;
    EXPECT_NEAR(dose["predicted_epsilon"].get<double>(), std::sqrt(2e-4 / limit), 1e-3) << dose;
  }
}

// A sweep with nodes measures a part of the grid, and what it did not measure is interpolated to what a whole
// sweep measures.
TEST_F(DoseCommand, NodesPredictTheEpsilonsThatAreLeftOut) {
  const std::string settings = " --layers 0,2 --epsilons 0:2:21 --directions 2";
  sweep("-o nodes.db --nodes" + settings);
  sweep("-o all.db" + settings);
  const json measured = result("summary nodes.db --json")["measured"]["epsilons"];
  EXPECT_GE(measured.size(), 6U) << "five and 0";
  EXPECT_LE(measured.size(), 10U);
  const json whole = result("export all.db --table curves --format json");
  int compared = 0;
  for (const json& point : result("export nodes.db --table interpolated --format json")) {
    if (point["measure"] != "kl") continue;
    for (const json& other : whole) {
      if (other["layer"] != point["layer"] || other["epsilon"] != point["epsilon"]) continue;
      const double kl = other["kl"];
      EXPECT_NEAR(point["value"].get<double>(), kl, point["interpolation_error"]) << point;
      EXPECT_NEAR(point["value"].get<double>(), kl, 1e-3 * kl) << point;
      ++compared;
    }
  }
  EXPECT_EQ(compared, 2 * (21 - static_cast<int>(measured.size())));
  sweep("-o nodes.db --nodes" + settings);
  EXPECT_EQ(result("summary nodes.db --json")["measured"]["epsilons"], measured) << "nothing is left to do";
  expect_refused("export all.db --table interpolated", "not swept with nodes");
  expect_refused("sweep \"$MODEL\" data.json -o x.db --nodes --direction-sharing independent", "--nodes");
  expect_refused("sweep \"$MODEL\" data.json -o x.db --nodes --shard 1/2", "a shard cannot choose");
}

// The number of nodes is found at the first example, but directions come from the residuals of all.
TEST_F(DoseCommand, NodesDoNotChangeDirections) {
  const std::string settings = " --layers 1 --epsilons 0:2:11 --directions 2 --direction-family difference";
  sweep("-o nodes.db --nodes" + settings);
  sweep("-o all.db" + settings);
  const json all = result("export all.db --table responses --format json");
  int compared = 0;
  for (const json& push : result("export nodes.db --table responses --format json")) {
    for (const json& other : all) {
      if (other["example"] != push["example"] || other["direction"] != push["direction"] ||
          other["epsilon"] != push["epsilon"])
        continue;
      EXPECT_NEAR(other["kl"].get<double>(), push["kl"].get<double>(), 1e-4 * push["kl"].get<double>());
      ++compared;
    }
  }
  EXPECT_GT(compared, 0);
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
