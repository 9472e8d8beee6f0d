// Every sentence on runs of which the answers are known, down to the smallest ones.
#include "tugline/report/answers.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>

#include "support/analysed_runs.h"
#include "tugline/report/answers_text.h"
#include "tugline/stats/analysis_selection.h"

namespace tugline {
namespace {

// KL of a kind, an example, a layer and an epsilon; each direction's is a factor of it.
using Kl = std::function<double(const std::string& kind, int64_t example, int32_t layer, double epsilon)>;

struct MadeRun {
  int64_t examples = 4;
  std::vector<int32_t> layers = {5, 9};
  std::vector<std::string> kinds = {"anchor", "control_matched"};
  std::vector<double> epsilons = {0, 1, 2, 4};
  std::vector<double> directions = {0.8, 1.2};  // factors
  std::vector<size_t> rows = {4, 4};            // of each kind
  Kl kl = {};
};

UnitRecord unit_of(const MadeRun& run, int64_t example, size_t kind, int32_t layer) {
  UnitRecord unit = bare_unit({.example = example, .span_kind = run.kinds[kind], .chunk = 1, .layer = layer},
                              {.position = 9 + 20 * static_cast<int64_t>(kind)},
                              {10 + 20 * static_cast<int64_t>(kind), 14 + 20 * static_cast<int64_t>(kind)});
  for (size_t row = 0; row < run.rows[kind]; ++row)
    unit.measured.rows.push_back(unit.measured.position + static_cast<int64_t>(row));
  for (size_t direction = 0; direction < run.directions.size(); ++direction)
    for (const double epsilon : run.epsilons) {
      const double kl = run.kl(run.kinds[kind], example, layer, epsilon) * run.directions[direction];
      ResponseRecord response = kl_response(static_cast<int32_t>(direction), epsilon, kl);
      response.kl_own_row = kl * static_cast<double>(run.rows[kind]);  // all of it
      unit.measured.responses.push_back(response);
    }
  return unit;
}

Analysis analysis_of(const MadeRun& run, const char* measure = "kl") {
  std::vector<ResponseGridBuilder> builders;
  for (const char* name : {measure, "kl", "kl_own_row", "kl_sum"})
    builders.emplace_back(response_measure_named(name));
  for (int64_t example = 0; example < run.examples; ++example)
    for (size_t kind = 0; kind < run.kinds.size(); ++kind)
      for (const int32_t layer : run.layers) {
        const UnitRecord unit = unit_of(run, example, kind, layer);
        for (ResponseGridBuilder& builder : builders) builder.add(unit, unit.measured.responses);
      }
  AnalysisOptions options;
  options.resamples = 100;
  RunGrids grids{.main = builders[0].build()};
  for (size_t i = 1; i < builders.size(); ++i) grids.by_length.push_back(builders[i].build());
  return analyse(grids, {}, options);
}

Answer answer_named(const Analysis& analysis, const std::string& name, const RunFacts& facts = {}) {
  for (Answer& answer : answers_of(analysis, facts))
    if (answer.name == name) return answer;
  ADD_FAILURE() << "no answer " << name;
  return {};
}

std::string text_of(const Answer& answer) {
  std::string text;
  for (const std::string& sentence : answer.sentences) text += sentence + '\n';
  return text;
}

void expect_holds(const std::string& text, const std::string& part) {
  EXPECT_NE(text.find(part), std::string::npos) << part << "\nis not in\n" << text;
}

double quadratic(const std::string&, int64_t, int32_t, double epsilon) { return 0.01 * epsilon * epsilon; }

// The anchor is twice the control at layer 5, in every example by another amount, and not clearly different
// at layer 9.
MadeRun contrast_run() {
  return {.kl = [](const std::string& kind, int64_t example, int32_t layer, double epsilon) {
    const double anchor = layer == 5 ? 2 + 0.1 * static_cast<double>(example)
                                     : 1 + 0.4 * static_cast<double>(example % 2) - 0.2;
    return 0.01 * epsilon * epsilon * (kind == "anchor" ? anchor : 1);
  }};
}

TEST(Answers, TheAnchorAgainstAControlLayerByLayer) {
  const Answer answer = answer_named(analysis_of(contrast_run()), "anchor");
  const std::string text = text_of(answer);
  expect_holds(text, "The anchor's KL at epsilon 4");
  expect_holds(
      text,
      "Against control_matched (sentences of similar length and place), 4 examples: larger at layer 5 "
      "(ratio 2.15 [");
  expect_holds(text, "larger in 4 of 4); no clear difference at layer 9 (ratio 1 [");
  ASSERT_EQ(answer.numbers.rows.size(), 2U);
  EXPECT_EQ(answer.numbers.columns.size(), answer.numbers.rows[0].size());
}

// An interval and its p-value never contradict each other: both are of one t.
TEST(Answers, IntervalsAgreeWithPValues) {
  const Analysis analysis = analysis_of(contrast_run());
  size_t seen = 0;
  for (const auto* contrasts : {&analysis.contrasts, &analysis.length_contrasts})
    for (const Contrast& c : *contrasts) {
      if (!c.p_value) continue;
      ++seen;
      EXPECT_EQ(*c.p_value > 0.05, *c.difference.ci_low < 0 && *c.difference.ci_high > 0);
      if (c.ratio_t.low) {
        EXPECT_EQ(*c.p_value > 0.05, *c.ratio_t.low < 1 && *c.ratio_t.high > 1);
      }
    }
  EXPECT_GT(seen, 10U);
}

TEST(Answers, OneExampleHasNoInterval) {
  MadeRun run = contrast_run();
  run.examples = 1;
  const Analysis analysis = analysis_of(run);
  const std::string text = text_of(answer_named(analysis, "anchor"));
  expect_holds(text,
               "1 example: one example, which gives no interval, at both layers, 5 and 9 (ratio 0.8 to 2).");
  EXPECT_EQ(text.find("p ="), std::string::npos) << text;
  expect_holds(note_of_few_examples(analysis), "Only 1 example (anchor and control_matched)");
}

TEST(Answers, OneLayerOneDirectionOneEpsilon) {
  const Analysis analysis =
      analysis_of({.layers = {5}, .epsilons = {1}, .directions = {1}, .kl = contrast_run().kl});
  const std::vector<Answer> answers = answers_of(analysis, {});
  EXPECT_TRUE(std::ranges::none_of(answers, [](const Answer& a) { return a.name == "layers"; }));
  expect_holds(text_of(answer_named(analysis, "anchor")), "4 examples: larger at layer 5 (ratio 2.15");
  expect_holds(text_of(answer_named(analysis, "directions")), "at least two directions at each span");
  expect_holds(text_of(answer_named(analysis, "quadratic")), "the fit needs two epsilons in");
  EXPECT_EQ(answers_text(analysis, answers).find("the largest"), std::string::npos) << "there is one only";
}

TEST(Answers, NoControlsAndNoAnchors) {
  MadeRun run{.kinds = {"anchor"}, .rows = {4}, .kl = quadratic};
  expect_holds(text_of(answer_named(analysis_of(run), "anchor")), "nothing to compare the anchor with");
  run.kinds = {"chunk"};
  const Analysis chunks = analysis_of(run);
  expect_holds(text_of(answer_named(chunks, "anchor")), "The run has no anchors");
  expect_holds(text_of(answer_named(chunks, "quadratic")), "chunk spans, 10 % off the fit");
}

TEST(Answers, ExactZerosAreNoDifference) {
  const Analysis analysis = analysis_of({.kl = [](const auto&, int64_t, int32_t layer, double epsilon) {
    return layer == 9 ? 0 : 0.01 * epsilon * epsilon;
  }});
  expect_holds(text_of(answer_named(analysis, "anchor")), "both exactly 0 at layer 9");
  expect_holds(text_of(answer_named(analysis, "quadratic")), "layer 9 is exactly 0 at every epsilon");
  expect_holds(text_of(answer_named(analysis, "layers")),
               "largest at layer 5 (0.16 nats) and smallest at layer 9 (0)");
}

TEST(Answers, EverythingZeroAtTheLargestEpsilon) {
  const Analysis analysis = analysis_of({.kl = [](const auto&, int64_t, int32_t, double) { return 0.0; }});
  expect_holds(text_of(answer_named(analysis, "directions")), "exactly 0 at this epsilon");
  expect_holds(text_of(answer_named(analysis, "layers")), "is the same at both layers, 5 and 9, 0 nats");
}

TEST(Answers, NegativeEpsilonsOnly) {
  const Analysis analysis = analysis_of({.epsilons = {-2, -1}, .kl = quadratic});
  expect_holds(text_of(answer_named(analysis, "quadratic")), "the run has no positive epsilon");
  expect_holds(text_of(answer_named(analysis, "anchor")), "at epsilon -2");
}

TEST(Answers, ADifferenceOfLengthIsSaid) {
  MadeRun run = contrast_run();
  run.rows = {8, 4};  // the anchor is long: its mean is half of its one row
  run.kl = [](const std::string& kind, int64_t example, int32_t, double epsilon) {
    const double one_row = 1 + 0.01 * static_cast<double>(example);
    return 0.01 * epsilon * epsilon * one_row / (kind == "anchor" ? 8 : 4);
  };
  const Analysis analysis = analysis_of(run);
  expect_holds(text_of(answer_named(analysis, "anchor")), "smaller at both layers, 5 and 9");
  const std::string text = text_of(answer_named(analysis, "length"));
  expect_holds(text, "longer spans have smaller means");
  expect_holds(text, "The anchor is read on 8 rows, control_matched on 4.");
  expect_holds(text, "own row: the same difference in every example");
  run.rows = {4, 4};
  expect_holds(text_of(answer_named(analysis_of(run), "length")),
               "No: all that the anchor is compared with has its number of rows, within 10 %.");
}

TEST(Answers, WhereTheCurveLeavesTheQuadratic) {
  const Analysis analysis = analysis_of(
      {.epsilons = {0, 1, 2, 4, 8, 16}, .kl = [](const auto&, int64_t, int32_t layer, double epsilon) {
         const double kl = 0.001 * epsilon * epsilon;
         return layer == 5 && epsilon > 4 ? 2 * kl : kl;
       }});
  const std::string text = text_of(answer_named(analysis, "quadratic"));
  expect_holds(text, "these leave it: layer 5 at 4.4");
  expect_holds(text, "layer 9 stays within 10 % of it up to epsilon 16");
}

// Two directions at 0.8 and 1.2 of the mean: variance 0.08, so that one span needs 0.08 / 0.05^2 = 32 for 5 %
// and 200 for 2 %, and the mean over four spans a quarter of that.
TEST(Answers, DirectionsNeededByHand) {
  const Analysis analysis = analysis_of({.kinds = {"anchor"}, .rows = {4}, .kl = quadratic});
  const DirectionsNeeded& needed = analysis.directions_needed.back();
  EXPECT_EQ(needed.span_for_5_percent, 32);
  EXPECT_EQ(needed.span_for_2_percent, 200);
  EXPECT_EQ(needed.for_5_percent, 8);
  EXPECT_EQ(needed.for_2_percent, 50);
  EXPECT_NEAR(needed.error_percent.value(), 10, 1e-9);
  const std::string text = text_of(answer_named(analysis, "directions"));
  expect_holds(
      text,
      "Mean over 4 anchor spans: 10 % error with the run's 2 directions; directions needed: 8 for 5 %, "
      "50 for 2 %.");
  expect_holds(text, "One anchor span by itself: 20 % now; needed: 32 for 5 %, 200 for 2 %.");
  RunFacts facts;
  facts.directions = RunFacts::Directions::kSupplied;
  expect_holds(text_of(answer_named(analysis, "directions", facts)), "supplied vectors and not a sample");
}

TEST(Answers, TheWorstAudit) {
  RunFacts facts{.units = 3,
                 .audited = 6,
                 .worst_disagreement = 3.1e-6,
                 .worst_unit = {.example = 2, .span_kind = "chunk", .chunk = 7, .layer = 20}};
  const Analysis analysis = analysis_of(contrast_run());
  std::string text = text_of(answer_named(analysis, "audit", facts));
  expect_holds(text, "6 pushes of 3 units were rerun in f64.");
  expect_holds(text, "3.1e-06 (example 2, chunk 7, layer 20)");
  expect_holds(text, "No unit is beyond the bound");
  facts.beyond_bound = {facts.worst_unit};
  expect_holds(text_of(answer_named(analysis, "audit", facts)),
               "1 unit is BEYOND the bound of a measure, the first example 2");
  facts.is_rounding_noise = true;
  expect_holds(text_of(answer_named(analysis, "audit", facts)), "rounding noise");
  expect_holds(text_of(answer_named(analysis, "audit")), "no push was rerun in f64");
}

TEST(Answers, AMeasureThatMayBeNegativeHasNoRatios) {
  MadeRun run = contrast_run();
  std::vector<ResponseGridBuilder> builders;
  ResponseGridBuilder builder(response_measure_named("delta_logprob"));
  for (int64_t example = 0; example < 4; ++example)
    for (size_t kind = 0; kind < 2; ++kind) {
      UnitRecord unit = unit_of(run, example, kind, 5);
      for (ResponseRecord& response : unit.measured.responses)
        response.means[measure_named("delta_logprob")] = -response.kl();
      builder.add(unit, unit.measured.responses);
    }
  AnalysisOptions options;
  options.resamples = 100;
  const Analysis analysis = analyse({.main = builder.build()}, {}, options);
  const std::string text = text_of(answer_named(analysis, "anchor"));
  expect_holds(text, "smaller at layer 5 (difference -0.184 [");
  EXPECT_TRUE(analysis.shapes.empty());
  expect_holds(text_of(answer_named(analysis, "quadratic")), "does not arise");
  expect_holds(text_of(answer_named(analysis, "directions")), "may be negative");
}

TEST(AnswersText, IsOneScreen) {
  const Analysis analysis = analysis_of(contrast_run());
  const std::string text = answers_text(analysis, answers_of(analysis, {}));
  for (const char* part : {"8 complete spans, KL at epsilon 4, the largest.", "Only 4 examples",
                           "Is the anchor more sensitive than comparable sentences?", "anchor / other",
                           "layer 5", "2.15*", "How many directions do I need?", "Are the numbers right?"})
    expect_holds(text, part);
  EXPECT_LT(std::ranges::count(text, '\n'), 40);
}

TEST(AnswersText, ATableIsWholeButForTheBootstrapBesideP) {
  const Analysis analysis = analysis_of(contrast_run());
  for (const ResultTable& table : analysis_tables(analysis, {})) {
    const std::string text = table_text(table);
    EXPECT_EQ(std::ranges::count(text, '\n'), std::ssize(table.rows) + 1) << table.name;
    for (const std::string& column : table.columns) {
      const bool is_left_out =
          table.name == table::kContrasts &&
          (column == "ci_low" || column == "ci_high" || column == "ratio_low" || column == "ratio_high");
      EXPECT_EQ(text.find(" " + column + " ") == std::string::npos &&
                    text.find(" " + column + "\n") == std::string::npos,
                is_left_out)
          << table.name << " " << column;
    }
  }
}

}  // namespace
}  // namespace tugline
