// The built program's sweeps that measure a part of a grid of epsilons, and what is interpolated of the rest.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <tuple>

#include "cli/commands.h"

namespace tugline::test {
namespace {

using nlohmann::json;

class SweepNodes : public Commands {
 protected:
  // What it says on stderr.
  std::string sweep(const std::string& arguments) const {  // NOLINT(modernize-use-nodiscard)
    const ProgramOutcome swept = tugline("sweep \"$MODEL\" data.json --audit 0 " + arguments);
    EXPECT_EQ(swept.status, 0) << swept.err;
    return swept.err;
  }
  [[nodiscard]] json measured_epsilons(const std::string& run) const {
    return result("summary " + run + " --json")["measured"]["epsilons"];
  }
};

using Key = std::tuple<int, double, std::string>;  // layer, epsilon, measure

// The means of a run of all epsilons, from its responses. Every span has as many pushes.
std::map<Key, double> means_of(const json& responses, const std::set<std::string>& measures) {
  std::map<Key, std::pair<double, int>> sums;
  for (const json& push : responses)
    for (const std::string& measure : measures) {
      auto& [sum, count] = sums[{push["layer"], push["epsilon"], measure}];
      sum += push[measure].get<double>();
      ++count;
    }
  std::map<Key, double> means;
  for (const auto& [key, sum] : sums) means[key] = sum.first / sum.second;
  return means;
}

// What is not measured is interpolated to what a whole sweep measures, in every measure that is smooth.
TEST_F(SweepNodes, PredictTheEpsilonsThatAreLeftOut) {
  const std::string settings = " --layers 0,2 --epsilons 0:2:21 --directions 2 --answers id:5,id:9";
  sweep("-o nodes.db --nodes" + settings);
  sweep("-o all.db" + settings);
  const json measured = measured_epsilons("nodes.db");
  EXPECT_GE(measured.size(), 6U) << "five and 0";
  EXPECT_LE(measured.size(), 10U);
  const std::set<std::string> smooth{"kl",
                                     "kl_reverse",
                                     "js",
                                     "kl_own_row",
                                     "kl_after",
                                     "total_variation",
                                     "answer_change",
                                     "delta_logprob",
                                     "entropy_change"};
  const auto whole = means_of(result("export all.db --table responses --format json"), smooth);
  std::map<std::string, double> largest;  // of each measure, |mean / epsilon|
  for (const auto& [key, mean] : whole)
    if (const auto& [layer, epsilon, name] = key; epsilon > 0)
      largest[name] = std::max(largest[name], std::abs(mean) / epsilon);
  std::map<std::string, int> compared;
  for (const json& point : result("export nodes.db --table interpolated --format json")) {
    const std::string name = point["measure"];
    if (name == "kl_sum") continue;  // no column of the responses
    ASSERT_TRUE(smooth.contains(name)) << name;
    const double epsilon = point["epsilon"];
    const double mean = whole.at({point["layer"], epsilon, name});
    const double error = point["interpolation_error"];
    // The f32 sum of a total variation has an error of 1e-3 of its own.
    const double rounding = name == "total_variation" ? 1.1e-3 * mean : 0;
    EXPECT_NEAR(point["value"].get<double>(), mean, error + rounding) << point;
    EXPECT_LT(error, 2e-2 * largest[name] * epsilon) << point << "\nthe error says something";
    ++compared[name];
  }
  for (const std::string& name : smooth)
    EXPECT_EQ(compared[name], 2 * (21 - static_cast<int>(measured.size()))) << name;
}

// The interval of an interpolated mean is that of the whole sweep: over the two examples.
TEST_F(SweepNodes, IntervalsAreThoseOfTheWholeSweep) {
  const std::string settings = " --layers 2 --epsilons 0:2:21 --directions 2";
  sweep("-o nodes.db --nodes" + settings);
  sweep("-o all.db" + settings);
  std::map<double, json> whole;
  for (const json& point : result("export all.db --table curves --format json"))
    whole[point["epsilon"]] = point;
  int compared = 0;
  for (const json& point : result("export nodes.db --table interpolated --format json")) {
    if (point["measure"] != "kl") continue;
    const json& other = whole.at(point["epsilon"]);
    for (const char* name : {"standard_error", "ci_low", "ci_high"})
      EXPECT_NEAR(point[name].get<double>(), other[name].get<double>(), 1e-3 * other["ci_high"].get<double>())
          << name << " " << point;
    EXPECT_EQ(point["spans"], 2);
    EXPECT_EQ(point["directions"], 2);
    ++compared;
  }
  EXPECT_GE(compared, 11);
}

// Curves that never agree to the tolerance end at nine epsilons of one side and thirteen of two, and a
// warning says how well they agree.
TEST_F(SweepNodes, HaveALargestNumber) {
  const std::string settings = " --layers 0 --directions 1 --node-tolerance 1e-9 --nodes";
  const std::string said = sweep("-o one.db --epsilons 0:10:21" + settings);
  EXPECT_EQ(measured_epsilons("one.db").size(), 10U) << "nine and 0";
  EXPECT_TRUE(holds(said, "9 of the epsilons predict the last two of them to ")) << said;
  sweep("-o two.db --epsilons=-10:10:21" + settings);
  EXPECT_EQ(measured_epsilons("two.db").size(), 14U);
  EXPECT_FALSE(holds(sweep("-o few.db --epsilons 0:4:9" + settings), "predict the last two of them to"))
      << "all are measured";
  EXPECT_EQ(measured_epsilons("few.db").size(), 9U);
}

TEST_F(SweepNodes, GoOnWhereTheyStopped) {
  const std::string settings = " --nodes --layers 0,2 --epsilons 0:2:21 --directions 2";
  sweep("-o nodes.db" + settings);
  const json measured = measured_epsilons("nodes.db");
  const std::string table = printed("export nodes.db --table interpolated");
  sweep("-o nodes.db" + settings);
  EXPECT_EQ(measured_epsilons("nodes.db"), measured) << "nothing is left to do";
  EXPECT_EQ(printed("export nodes.db --table interpolated"), table);
  // A growth without nodes keeps the grid that was requested.
  sweep("-o nodes.db --layers 0,1,2 --epsilons 0,2 --directions 2");
  EXPECT_TRUE(printed("export nodes.db --table interpolated").starts_with(table.substr(0, table.find('\n'))));
}

TEST_F(SweepNodes, AreRefusedByName) {
  sweep("-o all.db --layers 0 --epsilons 0,1 --directions 1");
  expect_refused("export all.db --table interpolated", "not swept with nodes");
  expect_refused("sweep \"$MODEL\" data.json -o x.db --nodes --direction-sharing independent", "--nodes");
  expect_refused("sweep \"$MODEL\" data.json -o x.db --nodes --shard 1/2", "a shard cannot choose");
}

// What the refusal of --shard recommends: another sweep finds the epsilons, the shards measure them, and the
// same command on the merged run checks them and keeps the grid, although nothing is left to measure.
TEST_F(SweepNodes, OfShardsAreFoundFirst) {
  const std::string settings = " --layers 2 --directions 2 --epsilons ";
  sweep("-o first.db --nodes" + settings + "0:2:21");
  std::string epsilons;
  for (const json& epsilon : measured_epsilons("first.db"))
    epsilons += (epsilons.empty() ? "" : ",") + epsilon.dump();
  for (const char* part : {"1", "2"})
    sweep(std::string("-o part") + part + ".db --shard " + part + "/2" + settings + epsilons);
  ASSERT_EQ(tugline("merge run.db part1.db part2.db").status, 0);
  sweep("-o run.db --nodes" + settings + "0:2:21");
  EXPECT_EQ(measured_epsilons("run.db"), measured_epsilons("first.db"));
  EXPECT_GT(result("export run.db --table interpolated --format json").size(), 0U);
}

// The number of nodes is found at the first example, but directions come from the residuals of all.
TEST_F(SweepNodes, DoNotChangeDirections) {
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

// A figure's lines go through the interpolated points, its marks are what was measured, and its caption says
// so.
TEST_F(SweepNodes, FiguresSayWhatIsInterpolated) {
  sweep("-o nodes.db --nodes --layers 0,2 --epsilons 0:2:21 --directions 2");
  const auto caption = [&](const std::string& options) {
    const ProgramOutcome drawn = tugline("plot nodes.db -o - " + options);
    EXPECT_EQ(drawn.status, 0) << drawn.err;
    const size_t begin = drawn.out.find("<desc>");
    return begin == std::string::npos ? drawn.out
                                      : drawn.out.substr(begin, drawn.out.find("</desc>", begin) - begin);
  };
  EXPECT_TRUE(holds(caption(""), "Marks: measured; between them interpolated, to within ")) << caption("");
  EXPECT_TRUE(holds(caption("--measure delta_logprob"), "interpolated, to within "));
  EXPECT_FALSE(holds(caption("--measure top1_flips"), "interpolated"));
  const std::string page = printed("report nodes.db -o -");
  EXPECT_TRUE(holds(page, "\"Interpolated points\"")) << "its curves have them";
  sweep("-o all.db --layers 0 --epsilons 0:2:5 --directions 2");
  EXPECT_FALSE(holds(printed("report all.db -o -"), "\"Interpolated points\""));
  EXPECT_FALSE(holds(printed("plot all.db -o -"), "interpolated"));
}

}  // namespace
}  // namespace tugline::test
