#include "tugline/report/dose_tables.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "support/holds.h"
#include "tugline/report/analysis_tables.h"

namespace tugline {
namespace {

using Place = Dose::Place;

// A curve at four anchors of two examples.
DoseRow anchor_row(int64_t directions) {
  return {.span_kind = "anchor", .layer = 20, .spans = 4, .examples = 2, .directions = directions};
}

// One curve that reaches 0.5 nats at epsilon 2, one below its smallest epsilon on the negative side, and two
// that do not reach it.
DoseReport made_report() {
  DoseRow within = anchor_row(3);
  within.dose = {.place = Place::kMeasured, .epsilon = 2, .interpolation_error = 0.01};
  within.interval = {.low = 1.5, .high = 2.5};
  DoseRow below = anchor_row(1);
  below.direction = 1;
  below.side = DoseSide::kNegative;
  below.dose = {.place = Place::kBelow, .epsilon = -0.25};
  below.interval = {.low = 0.125};
  DoseRow beyond = anchor_row(5);
  beyond.set = DirectionSet::kNull;
  beyond.dose = {.place = Place::kBeyond, .largest_response = 0.125, .largest_epsilon = 8};
  beyond.resamples_beyond = 1;
  const DoseRow push{.span_kind = "chunk",
                     .layer = 20,
                     .set = DirectionSet::kNull,
                     .example = 3,
                     .chunk = 7,
                     .direction = 2,
                     .dose = {.place = Place::kBeyond, .largest_response = 0.25, .largest_epsilon = 8},
                     .spans = 1,
                     .examples = 1,
                     .directions = 1};
  return {.target = 0.5, .statistic = "mean", .width = 64, .doses = {within, below, beyond, push}};
}

// Tangents of the first three curves; the fourth is 0.
DoseReport report_with_tangents() {
  DoseReport report = made_report();
  report.tangents = true;
  report.doses[0].tangent = {.curvature = 0.25,
                             .curvature_error = 0.001,
                             .predicted = 2,
                             .measured_over_predicted = 1,
                             .radius = {.place = Place::kMeasured, .epsilon = 1.75}};
  report.doses[1].tangent = {.curvature = 16,
                             .predicted = 0.25,
                             .measured_over_predicted = 1,
                             .radius = {.place = Place::kBelow, .epsilon = -0.5}};
  report.doses[2].tangent = {
      .curvature = 0.015625, .curvature_error = 0.001, .predicted = 8, .radius = {.place = Place::kBeyond}};
  report.ranks = {
      {.span_kind = "anchor",
       .layer = 20,
       .dimensions = 64,
       .rank = {.rank = 12.5, .low = 10, .high = 16, .spans = 4, .directions = 3}},
      {.span_kind = "chunk", .layer = 20, .dimensions = 64, .rank = {.spans = 1, .directions = 2}}};
  return report;
}

// The text without runs of spaces.
std::string words_of(const std::string& text) {
  std::string words;
  for (const char letter : text)
    if (letter != ' ' || !words.ends_with(' ')) words += letter;
  return words;
}

void expect_lines(const std::string& text, const std::vector<std::string>& lines) {
  const std::string words = words_of(text);
  for (const std::string& line : lines) EXPECT_TRUE(holds(words, line)) << line << "\nis not in\n" << words;
}

TEST(DoseText, SaysWhereTheTargetIsReached) {
  const std::string text = dose_text(made_report());
  expect_lines(text, {"The epsilon at which KL reaches 0.5 nats (mean over the readout rows)\n",
                      "anchor (4 in 2) 20 mean of 3 2 [1.5, 2.5] +-0.01 0.25",
                      "anchor (4 in 2) 20 direction 1 ~-0.25 [-, -0.125] - -0.03125",
                      "anchor (4 in 2) 20 5 random directions not reached: 0.125 at 8 - - -",
                      "chunk of example 3, chunk 7 20 random 2 not reached: 0.25 at 8 - - -",
                      " ~: below the smallest measured epsilon"});
  EXPECT_FALSE(holds(text, "Tangents"));
}

TEST(DoseText, NamesTheStatistic) {
  DoseReport report = made_report();
  report.statistic = "p95";
  EXPECT_TRUE(holds(dose_text(report), "(95 % quantile of the readout rows)"));
  report.statistic = "own-row";
  EXPECT_TRUE(holds(dose_text(report), "(the pushed token's own row)"));
}

TEST(DoseText, HasTangentsAndRanksIfTheyWereAskedFor) {
  expect_lines(dose_text(report_with_tangents()),
               {"anchor (4 in 2) 20 mean of 3 0.25 0.001 2 1 1.75", "direction 1 16 - -0.25 1 ~-0.5",
                "5 random directions 0.015625 0.001 8 - beyond", "anchor (4) 20 12.5 [10, 16] 64 3",
                "chunk (1) 20 - [-, -] 64 2"});
}

TEST(DoseText, SaysWhyThereAreNoRanks) {
  DoseReport report = report_with_tangents();
  report.ranks.clear();
  report.no_ranks = "it needs two directions at a span";
  EXPECT_TRUE(holds(dose_text(report), "No effective rank of F: it needs two directions at a span\n"));
}

TEST(DoseTables, HaveTheSigns) {
  const auto doses = nlohmann::json::parse(analysis_json(dose_tables(made_report()))).at("doses");
  ASSERT_EQ(doses.size(), 4U);
  EXPECT_EQ(doses[0].at("place"), "within");
  EXPECT_EQ(doses[0].at("epsilon"), 2);
  EXPECT_EQ(doses[0].at("epsilon_relative"), 0.25);
  EXPECT_EQ(doses[0].at("ci_low"), 1.5);
  EXPECT_EQ(doses[0].at("ci_high"), 2.5);
  EXPECT_EQ(doses[1].at("place"), "below");
  EXPECT_EQ(doses[1].at("epsilon"), -0.25);
  EXPECT_EQ(doses[1].at("ci_low"), nullptr);
  EXPECT_EQ(doses[1].at("ci_high"), -0.125);
  EXPECT_EQ(doses[2].at("place"), "beyond");
  EXPECT_EQ(doses[2].at("epsilon"), nullptr);
  EXPECT_EQ(doses[2].at("null_direction"), 1);
  EXPECT_EQ(doses[2].at("largest_kl"), 0.125);
  EXPECT_EQ(doses[3].at("example"), 3);
  EXPECT_EQ(doses[3].at("chunk"), 7);
  EXPECT_EQ(doses[3].at("direction"), 2);
  EXPECT_EQ(doses[3].at("curvature"), nullptr);
}

TEST(DoseTables, HaveTangentsAndRanksIfTheyWereAskedFor) {
  EXPECT_EQ(dose_tables(made_report()).size(), 1U);
  const auto tables = nlohmann::json::parse(analysis_json(dose_tables(report_with_tangents())));
  const auto& doses = tables.at("doses");
  EXPECT_EQ(doses[1].at("predicted_epsilon"), -0.25);
  EXPECT_EQ(doses[1].at("quadratic_radius"), -0.5);
  EXPECT_EQ(doses[1].at("radius_place"), "below");
  EXPECT_EQ(doses[2].at("quadratic_radius"), nullptr);
  EXPECT_EQ(doses[2].at("radius_place"), "beyond");
  EXPECT_EQ(doses[3].at("radius_place"), nullptr);
  const auto& ranks = tables.at("effective_ranks");
  EXPECT_EQ(ranks[0].at("effective_rank"), 12.5);
  EXPECT_EQ(ranks[0].at("dimensions"), 64);
  EXPECT_EQ(ranks[1].at("effective_rank"), nullptr);
}

}  // namespace
}  // namespace tugline
