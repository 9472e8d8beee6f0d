// The built program's analyze, and the figures that read what it keeps, on a sweep of the tiny model.
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <string_view>

#include "cli/commands.h"
#include "tugline/store/analysis_names.h"

namespace tugline::test {
namespace {

// kData with metrics for the first example's chunks; one value is not known.
std::string with_metrics() {
  std::string data = kData;
  data.insert(data.find("\"thought_anchor_idx\""),
              R"("counterfactual_importance_kl": [0.5, 0.25], "overdeterminedness": [0.1, 0.9],
 "my_importance": [null, 2], "kl": [1, 2],
 )");
  return data;
}

class AnalyzeCommand : public Commands {
 protected:
  void SetUp() override {
    write("data.json", with_metrics());
    write("other.json",
          kData.substr(0, kData.rfind("Take.")) + "Put." + kData.substr(kData.rfind("Take.") + 5));
    const ProgramOutcome swept = tugline(
        "sweep \"$MODEL\" data.json -o run.db --layers 0,1 --epsilons 0:4:5 --directions 3 --spans "
        "anchor,chunks");
    ASSERT_EQ(swept.status, 0) << swept.err;
  }
};

TEST_F(AnalyzeCommand, PrintsTablesAndKeepsTheSameNumbers) {
  const ProgramOutcome text = tugline("analyze run.db data.json --resamples 200");
  EXPECT_EQ(text.status, 0) << text.err;
  EXPECT_TRUE(holds(text.err, "'kl' is left out, because tables have a column of that name")) << text.err;
  EXPECT_EQ(std::ranges::count(text.err, '\n'), 1) << text.err;
  EXPECT_TRUE(holds(text.out, "Against chunk (the other sentences), ")) << text.out;
  const ProgramOutcome json = tugline("analyze run.db data.json --resamples 200 --json --no-store");
  const auto found = nlohmann::json::parse(json.out);
  EXPECT_EQ(found["settings"]["data_name"], "data.json");
  EXPECT_EQ(found["settings"]["epsilon"], 4);
  EXPECT_EQ(found["spans"][0]["counterfactual_importance_kl"], 0.25) << "the anchor is chunk 1";
  EXPECT_FALSE(found["correlations"].empty());
  EXPECT_EQ(printed("analyze run.db data.json --resamples 200 --json"), json.out) << "the same again";
  EXPECT_EQ(tugline("sweep \"$MODEL\" data.json -o run.db --layers 0,1 --epsilons 0:4:5 --directions 3 "
                    "--spans anchor,chunks")
                .status,
            0)
      << "an analysed run is resumed as before";
}

TEST_F(AnalyzeCommand, FiguresOfSpans) {
  for (const char* arguments :
       {"plot run.db -o chunks.svg --kind chunks", "plot run.db -o curves.svg --kind curves"})
    EXPECT_EQ(tugline(arguments).status, 0) << arguments;
  expect_refused("plot run.db -o f.svg --kind scatter --metric overdeterminedness", "tugline analyze");
  ASSERT_EQ(tugline("analyze run.db --resamples 100").status, 0);
  expect_refused("plot run.db -o f.svg --kind scatter --metric overdeterminedness", "without the dataset");
  ASSERT_EQ(tugline("analyze run.db data.json --resamples 100").status, 0);
  for (const char* arguments :
       {"plot run.db -o f.svg --kind anisotropy", "plot run.db -o f.svg --kind anisotropy --spans anchor",
        "plot run.db -o f.svg --kind text --example 0", "plot run.db -o f.svg --kind controls",
        "plot run.db -o f.svg --kind directions", "plot run.db -o f.svg --kind layers",
        "plot run.db -o f.svg --kind dose --kl 1e-6 --statistic p95",
        "plot run.db -o f.svg --kind scatter --metric overdeterminedness --layer 0",
        "plot run.db -o f.svg --kind chunks --metric counterfactual_importance_kl"}) {
    const ProgramOutcome outcome = tugline(arguments);
    EXPECT_EQ(outcome.status, 0) << arguments << outcome.err;
  }
}

// A list of the data's own is a metric under its own name; one that has the name of a column is left out,
// with the cure.
TEST_F(AnalyzeCommand, MetricsOfTheDatasOwn) {
  const ProgramOutcome outcome = tugline("analyze run.db data.json --resamples 200 --json");
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_TRUE(holds(outcome.err, "field my_kl=kl")) << outcome.err;
  const auto found = nlohmann::json::parse(outcome.out);
  EXPECT_EQ(found["spans"][0].count("my_importance"), 1U);
  EXPECT_EQ(tugline("plot run.db -o f.svg --kind chunks --metric my_importance").status, 0);
  expect_refused("plot run.db -o f.svg --kind chunks --metric size", "which has counterfactual_accuracies");
  expect_refused("plot run.db -o f.svg --kind chunks --metric abs_a", "not a metric");
}

// A thought_anchor_idx that contradicts its sentence: nothing is paired by number, and it is said.
TEST_F(AnalyzeCommand, DoubtfulNumbersArePairedWithNothing) {
  std::string data = with_metrics();
  data.replace(data.find("\"thought_anchor_idx\": 1"), 23, "\"thought_anchor_idx\": 0");
  write("data.json", data);
  const std::string sweep =
      "sweep \"$MODEL\" data.json -o doubt.db --layers 0 --epsilons 0,1,2,3 --directions 2";
  const ProgramOutcome swept = tugline(sweep + " --spans anchor,chunks");
  ASSERT_EQ(swept.status, 0) << swept.err;
  EXPECT_TRUE(holds(swept.err, "example 0: thought_anchor_idx is 0, and the anchor sentence is in chunk 1"))
      << swept.err;
  const ProgramOutcome outcome = tugline("analyze doubt.db data.json --resamples 200 --json");
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_TRUE(holds(outcome.err, "none of its metrics is used")) << outcome.err;
  const auto analysis = nlohmann::json::parse(outcome.out);
  for (const auto& span : analysis["spans"]) EXPECT_EQ(span["counterfactual_importance_kl"], nullptr);
}

// Each kind of control by itself, paired within examples, and none of them with a chunk's metric that is not
// its own.
TEST_F(AnalyzeCommand, AnchorsAgainstEachKindOfControl) {
  const ProgramOutcome swept = tugline(
      "sweep \"$MODEL\" data.json -o controls.db --layers 0,1 --epsilons 0,1,2 --directions 3 --spans "
      "anchor,controls");
  ASSERT_EQ(swept.status, 0) << swept.err;
  const auto found = result("analyze controls.db data.json --resamples 200 --json");
  std::set<std::string> kinds;
  for (const auto& contrast : found["contrasts"])
    if (contrast["span_kind"] == "anchor" && contrast["against_span_kind"] != "anchor") {
      kinds.insert(contrast["against_span_kind"]);
      EXPECT_GE(contrast["pairs"], 1);
    }
  for (const char* kind : {"control_matched", "control_window", "control_offset_-1", "control_offset_+1"})
    EXPECT_TRUE(kinds.contains(kind)) << kind;
  for (const auto& correlation : found["correlations"])
    EXPECT_TRUE(correlation["span_kind"] == "anchor" || correlation["span_kind"] == "control_matched");
  EXPECT_TRUE(holds(printed("analyze controls.db --resamples 200"),
                    "Against control_window (random windows of its length), "));
  EXPECT_EQ(tugline("plot controls.db -o c.svg --spans control_offset_+1").status, 0);
}

// An analysis without the data uses the metrics of the one before, and computes the same correlations.
TEST_F(AnalyzeCommand, CorrelationsAreKeptWithoutTheData) {
  const ProgramOutcome with = tugline("analyze run.db data.json --resamples 200 --json");
  ASSERT_EQ(with.status, 0) << with.err;
  const ProgramOutcome without = tugline("analyze run.db --resamples 200 --json");
  ASSERT_EQ(without.status, 0) << without.err;
  EXPECT_TRUE(holds(without.err, "the metrics are those of the stored analysis with data.json"))
      << without.err;
  const auto found = nlohmann::json::parse(without.out);
  EXPECT_FALSE(found["correlations"].empty());
  EXPECT_EQ(without.out, with.out);
  EXPECT_EQ(tugline("plot run.db -o f.svg --kind scatter --metric my_importance").status, 0);
}

TEST_F(AnalyzeCommand, OneTableSomeSpansAndLayers) {
  const ProgramOutcome text =
      tugline("analyze run.db --resamples 100 --table contrasts --spans chunks --layers 1");
  ASSERT_EQ(text.status, 0) << text.err;
  EXPECT_EQ(std::ranges::count(text.out, '\n'), 1 + 5) << "the columns, and one row an epsilon\n" << text.out;
  EXPECT_FALSE(holds(text.out, "ci_low")) << text.out;
  const auto needed =
      result("analyze run.db --resamples 100 --table directions_needed --spans anchor --json");
  EXPECT_EQ(needed.size(), 2U * 5U);
  EXPECT_EQ(needed[1]["directions"], 3);
  // What is kept, and exported, is about all.
  const ProgramOutcome csv = tugline("export run.db --table contrasts");
  ASSERT_EQ(csv.status, 0) << csv.err;
  EXPECT_TRUE(holds(csv.out, "span_kind,layer,against_span_kind")) << csv.out;
  EXPECT_EQ(std::ranges::count(csv.out, '\n'), 1 + 5 * (2 + 2)) << "two layers, and the layers of two kinds";
  EXPECT_EQ(tugline("export run.db --table answers --format json").status, 0);
}

// Every table that an analysis keeps can be exported, as CSV and as JSON.
TEST_F(AnalyzeCommand, EveryTableIsExported) {
  ASSERT_EQ(tugline("analyze run.db data.json --resamples 100").status, 0);
  for (const std::string_view name : table::kAll) {
    const ProgramOutcome csv = tugline("export run.db --table " + std::string(name));
    ASSERT_EQ(csv.status, 0) << name << csv.err;
    EXPECT_GT(std::ranges::count(csv.out, '\n'), name == table::kNullContrasts ? 0 : 1) << name;
    const ProgramOutcome text = tugline("export run.db --format json --table " + std::string(name));
    EXPECT_EQ(std::ssize(nlohmann::json::parse(text.out)), std::ranges::count(csv.out, '\n') - 1) << name;
  }
}

// The default epsilon is the largest push, on whichever side of 0 it lies.
TEST_F(AnalyzeCommand, ARunOfNegativePushesIsAboutItsLargest) {
  const std::string sweep = "sweep \"$MODEL\" data.json --layers 0,1 --directions 2 --spans anchor,chunks ";
  ASSERT_EQ(tugline(sweep + "-o negative.db --epsilons=-4,-2,-1,0").status, 0);
  const ProgramOutcome text = tugline("analyze negative.db --resamples 100");
  ASSERT_EQ(text.status, 0) << text.err;
  EXPECT_TRUE(holds(text.out, "KL at epsilon -4, the largest.")) << text.out;
  EXPECT_FALSE(holds(text.out, "exactly 0")) << text.out;
  ASSERT_EQ(tugline(sweep + "-o lopsided.db --epsilons=-4,0,2").status, 0);
  EXPECT_TRUE(holds(printed("analyze lopsided.db --resamples 100"), "epsilon -4, the largest."));
  ASSERT_EQ(tugline(sweep + "-o both.db --epsilons=-2,0,2").status, 0);
  EXPECT_TRUE(holds(printed("analyze both.db --resamples 100"), "epsilon 2, the largest."));
  const ProgramOutcome figure = tugline("plot negative.db -o - --kind text --layer 0");
  EXPECT_EQ(figure.status, 0) << figure.err;
  EXPECT_TRUE(holds(figure.out, "-4")) << "the figure's epsilon";
}

TEST_F(AnalyzeCommand, EveryMeasure) {
  for (const char* measure : {"kl_reverse", "js", "top1_flips", "delta_logprob", "total_variation",
                              "entropy_change", "kl_own_row", "kl_after", "kl_sum"}) {
    const ProgramOutcome outcome =
        tugline(std::string("analyze run.db --resamples 100 --json --measure ") + measure);
    ASSERT_EQ(outcome.status, 0) << measure << outcome.err;
    const auto found = nlohmann::json::parse(outcome.out);
    EXPECT_EQ(found["settings"]["measure"], measure);
    EXPECT_TRUE(found["means"][0].contains(measure)) << measure;
    EXPECT_TRUE(holds(outcome.err, "not kept")) << outcome.err;
    EXPECT_EQ(tugline(std::string("analyze run.db --resamples 100 --measure ") + measure).status, 0);
  }
  expect_refused("plot run.db -o f.svg --kind scatter --metric my_importance", "holds no analysis");
}

TEST_F(AnalyzeCommand, WhatTheRunLacksSaysWhatItHas) {
  expect_refused("analyze run.db --measure loss", "--measure: 'loss' is not one of kl, kl_reverse, js");
  expect_refused("analyze run.db --measure answer_change",
                 "--measure: the run has no answer_change; it has delta_logprob, entropy_change, js, kl");
  expect_refused("analyze run.db --spans control_matched", "it has anchor, chunk");
  expect_refused("analyze run.db --layers 0,7", "--layers: the run has no layer 7; it has 0, 1");
  expect_refused("analyze run.db --table rows", "--table");
  expect_refused("export run.db --table contrasts", "holds no analysis; run `tugline analyze");
  EXPECT_FALSE(holds(tugline("analyze run.db --resamples 100 --no-store").err, "kept"));
}

TEST_F(AnalyzeCommand, BadUsageIsRefused) {
  expect_refused("analyze none.db", "there is no such file");
  expect_refused("analyze run.db none.json", "none.json");
  expect_refused("analyze run.db other.json", "give the dataset that the run was swept over");
  expect_refused("analyze run.db --epsilon 0.7", "it has 0, 1, 2, 3, 4");
  expect_refused("analyze run.db --threshold 0", "--threshold");
  expect_refused("analyze run.db --threshold nan", "--threshold");
  expect_refused("analyze run.db --threshold inf", "--threshold");
  expect_refused("analyze run.db --small-epsilon -1", "--small-epsilon");
  expect_refused("analyze run.db --small-epsilon nan", "--small-epsilon");
  expect_refused("analyze run.db --resamples 5", "--resamples");
  expect_refused("plot run.db -o f.svg --kind violins", "--kind");
  expect_refused("plot run.db -o f.svg --kind scatter", "--metric: the kind scatter needs one");
  expect_refused("plot run.db -o f.svg --kind scatter --metric size", "holds no analysis");
  expect_refused("plot run.db -o f.svg --layer 7", "--layer: the run has no layer 7");
  expect_refused("plot run.db -o f.svg --measure joy", "--measure: 'joy' is not one of kl");
  expect_refused("plot run.db -o f.svg --scale round", "--scale: 'round' is not one of auto");
  expect_refused("plot run.db -o f.svg --example 0", "--example: goes with the kind text");
  expect_refused("plot run.db -o f.svg --kl 0.1", "--kl: goes with the kinds dose");
  expect_refused("plot run.db -o f.svg --statistic p95", "--statistic: goes with the kinds dose");
  expect_refused("plot run.db -o f.svg --kind dose --measure js", "--measure: the kind dose is about KL");
  expect_refused("plot run.db -o f.svg --kind dose --kl 1e6", "--kl: no curve reaches 1e+06 nats");
  expect_refused("plot run.db -o f.svg --kind dose --statistic median",
                 "--statistic: 'median' is not one of mean");
  expect_refused("plot run.db -o f.svg --style wall", "--style: 'wall' is not one of paper");
  expect_refused("plot run.db -o f.svg --kind layers --scale log", "--scale: goes with");
  expect_refused("plot run.db -o f.svg --kind anisotropy --metric overdeterminedness", "--metric: goes with");
  expect_refused("plot run.db -o f.svg --kind chunks --layer 7",
                 "--layer: the run has no layer 7 with chunk spans; it has 0, 1");
}

}  // namespace
}  // namespace tugline::test
