// The built program's dose on sweeps of the tiny model.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <functional>
#include <iterator>
#include <map>
#include <nlohmann/json.hpp>
#include <tuple>
#include <vector>

#include "cli/commands.h"

namespace tugline::test {
namespace {

using nlohmann::json;

class DoseCommand : public Commands {
 protected:
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
  const std::string before = printed("export run.db --table responses");
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
  EXPECT_EQ(printed("export run.db --table responses"), before);
}

// The pushes can be kept, go on, and be joined with the run.
TEST_F(DoseCommand, FurtherPushesAreARunStoreOfTheSameRun) {
  sweep(
      "-o run.db --layers 0 --epsilons 0,2,4,8 --directions 2 --spans anchor,controls --hook resid_mid "
      "--seed 5");
  const std::string command = "dose run.db \"$MODEL\" data.json --kl 0.01 --tangents --json --resamples 100";
  const json kept = result(command + " -o pushes.db");
  EXPECT_EQ(result(command + " -o pushes.db"), kept) << "nothing is left to push";
  EXPECT_TRUE(holds(printed("export pushes.db --table commands"), "dose run.db")) << "not the command";
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

// What an interrupted refinement says of the pushes that it has made.
TEST_F(DoseCommand, AnInterruptionSaysWhatIsKept) {
  sweep("-o run.db --layers all --spans anchor,chunks --epsilons 0,2,4,8 --directions 300");
  std::filesystem::create_directory(folder_.path() / "temporary");
  // Stops the program as soon as it has begun to push. The shell is in the folder after its first command.
  const auto interrupted = [&](const std::string& output, const std::string& store) {
    return tugline("--version >/dev/null; TMPDIR=temporary '" TUGLINE_PROGRAM
                   "' dose run.db \"$MODEL\" data.json --kl 0.01 --refine --threads 1 " +
                   output + " & pid=$!; while ! ls " + store +
                   " >/dev/null 2>&1 && kill -0 $pid; do sleep 0.01; done; kill -TERM $pid; wait $pid");
  };
  const ProgramOutcome lost = interrupted("", "temporary/*/pushes.db");
  EXPECT_EQ(lost.status, 130) << lost.err;
  EXPECT_TRUE(holds(lost.err, "interrupted; the pushes that were made are lost")) << lost.err;
  EXPECT_TRUE(std::filesystem::is_empty(folder_.path() / "temporary"));
  const ProgramOutcome kept = interrupted("-o pushes.db", "pushes.db");
  EXPECT_EQ(kept.status, 130) << kept.err;
  EXPECT_TRUE(holds(kept.err, "interrupted; finished units are kept in pushes.db")) << kept.err;
}

// The value at p of sorted numbers, linear between neighbours.
double quantile_of(std::vector<double> values, double p) {
  std::sort(values.begin(), values.end());
  const double place = p * static_cast<double>(values.size() - 1);
  const auto low = static_cast<size_t>(place);
  if (low + 1 == values.size()) return values.back();
  return values[low] + (place - static_cast<double>(low)) * (values[low + 1] - values[low]);
}

// Where a curve reaches the target: a power law between the two epsilons around it.
double reached_at(const std::map<double, double>& curve, double target) {
  for (auto point = std::next(curve.begin()); point != curve.end(); ++point) {
    const auto before = std::prev(point);
    if (point->second < target || before->second <= 0) continue;
    const double part = std::log(target / before->second) / std::log(point->second / before->second);
    return before->first * std::pow(point->first / before->first, part);
  }
  return 0;
}

// Each statistic from the rows of the export, without tugline's own: of a push's rows the mean, the quantile
// or the pushed row, then the mean over directions and spans. The grid is fine: power laws between its
// epsilons are right to 1e-3.
TEST_F(DoseCommand, StatisticsAreThoseOfTheExportedRows) {
  sweep("-o run.db --layers 0,2 --epsilons 0:4:41 --directions 2");
  struct Push {
    std::vector<double> rows = {};
    double own = 0;
  };
  std::map<std::tuple<int, double, int, int>, Push> pushes;  // layer, epsilon, example, direction
  for (const json& row : result("export run.db --table rows --format json")) {
    Push& push = pushes[{row["layer"], row["epsilon"], row["example"], row["direction"]}];
    push.rows.push_back(row["kl"]);
    if (row["row"] == row["position"]) push.own = row["kl"];
  }
  const std::map<std::string, std::function<double(const Push&)>> statistics{
      {"mean",
       [](const Push& push) {
         double sum = 0;
         for (const double kl : push.rows) sum += kl;
         return sum / static_cast<double>(push.rows.size());
       }},
      {"p95", [](const Push& push) { return quantile_of(push.rows, 0.95); }},
      {"own-row", [](const Push& push) { return push.own; }}};
  int compared = 0;
  for (const auto& [name, statistic] : statistics) {
    std::map<int, std::map<double, double>> curves;
    for (const auto& [key, push] : pushes)
      curves[std::get<0>(key)][std::get<1>(key)] += statistic(push) / 4;  // two spans, two directions
    const json doses = result("dose run.db --kl 0.01 --json --resamples 100 --statistic " + name)["doses"];
    for (const json& dose : doses) {
      const double expected = reached_at(curves.at(dose["layer"]), 0.01);
      if (expected == 0) continue;
      EXPECT_NEAR(dose["epsilon"].get<double>(), expected, 1e-3 * expected) << name << dose;
      EXPECT_EQ(dose["statistic"], name);
      ++compared;
    }
  }
  EXPECT_EQ(compared, 6) << "both layers reach it in each statistic";
}

// Two supplied vectors do equal damage at their doses: refined ones are reached by the pushes at them, and
// the random directions beside the vectors have a curve of their own.
TEST_F(DoseCommand, RefinedDosesOfVectorsAreReached) {
  ASSERT_EQ(tugline("vectors \"$MODEL\" data.json -o v.safetensors --layers 2 --kinds example").status, 0);
  const std::string vectors =
      " --layers 2 --direction-file v.safetensors:example.layer2 --null-directions 3 --max-examples 2";
  sweep("-o run.db --epsilons 0,1,3,9" + vectors);
  const json doses = result(
      "dose run.db \"$MODEL\" data.json --kl 0.002 --refine --json --resamples 100 -o pushes.db")["doses"];
  int reached = 0;
  int random = 0;
  for (const json& dose : doses) {
    if (dose["null_direction"] == 1) {
      EXPECT_TRUE(dose["direction"].is_null());
      EXPECT_EQ(dose["directions"], 3);
      ++random;
      continue;
    }
    ASSERT_EQ(dose["place"], "within") << dose;
    EXPECT_LT(dose["interpolation_error"].get<double>(), 1e-3 * dose["epsilon"].get<double>()) << dose;
    sweep("-o pushed.db --epsilons " + dose["epsilon"].dump() + vectors);
    double sum = 0;
    int spans = 0;
    for (const json& push : result("export pushed.db --table responses --format json")) {
      if (push["direction"] != dose["direction"] || push["null_direction"] == 1) continue;
      sum += push["kl"].get<double>();
      ++spans;
    }
    EXPECT_EQ(spans, 2);
    EXPECT_NEAR(sum / spans, 0.002, 0.002 * 3e-3) << dose;
    std::filesystem::remove(folder_.path() / "pushed.db");
    ++reached;
  }
  EXPECT_EQ(reached, 2) << "each example has its vector";
  EXPECT_EQ(random, 1);
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
