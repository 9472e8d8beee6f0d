// What tug prints, from made results: JSON, the page with and without colours, tokens made fit for a
// terminal.
#include "tugline/cli/tug_report.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "support/holds.h"
#include "tugline/cli/tug_json.h"

namespace tugline {
namespace {

// Two tokens of a span, two directions; the first row's KL is epsilon times 0.3, the second's a hundredth of
// that.
TugResult made_result(ReadoutKind readout) {
  TugResult result{.model = "made",
                   .d_model = 16,
                   .width = 16,
                   .text = {.ids = {7, 8, 9, 10}, .pieces = {"<s>", "So", "\n", " \x1b[31m"}},
                   .readout = readout,
                   .pushes = {.epsilons = {0, -2, 1}, .directions = 2, .seed = 5, .supplied = {}},
                   .direction_file = "",
                   .precision = Precision::kF32,
                   .spans = {{.tokens = {2, 4}}}};
  UnitMeasurement unit{.position = 1, .rms = 0.1, .seconds = 0.25};
  const bool predicting = readout == ReadoutKind::kPredicting;
  unit.row_tokens = {9, -1};
  unit.rows = predicting ? std::vector<int64_t>{1, 2} : std::vector<int64_t>{2, 3};
  for (int32_t direction = 0; direction < 2; ++direction)
    for (const double epsilon : result.pushes.epsilons) {
      const double first = std::abs(epsilon) * (direction == 0 ? 0.2 : 0.4);
      ResponseRecord response{.direction = direction, .epsilon = epsilon, .rows = unmoved_rows(2)};
      response.means[kKl] = first * 0.5;
      response.rows[kKl] = {first, first / 100};
      response.rows[measure_named("kl_reverse")] = {0.5, 1};
      response.rows[measure_named("js")] = {0.1F, 0.25};
      response.rows[measure_named("delta_logprob")] = {-2, 0};
      response.rows[measure_named("total_variation")] = {0.125, 4};
      response.rows[measure_named("entropy_change")] = {-8, 16};
      response.rows[measure_named("top1_flips")] = {1, 0};
      response.means[measure_named("top1_flips")] = 0.5;
      unit.responses.push_back(response);
    }
  result.spans[0].layers.push_back({.layer = {3}, .measured = unit, .flops = 1.5e9});
  return result;
}

TEST(TugJson, HasTheFieldsOfTheFormat) {
  const auto json = nlohmann::json::parse(tug_json(made_result(ReadoutKind::kPredicting)));
  EXPECT_EQ(json["model"], "made");
  EXPECT_EQ(json["ids"], (std::vector<int>{7, 8, 9, 10}));
  EXPECT_EQ(json["span"], (nlohmann::json{{"begin", 2}, {"end", 4}}));
  EXPECT_EQ(json["readout"], "predicting");
  EXPECT_EQ(json["seed"], 5);
  EXPECT_EQ(json["precision"], "f32");
  const auto& layer = json["layers"][0];
  EXPECT_EQ(layer["layer"], 3);
  EXPECT_EQ(layer["position"], 1);
  EXPECT_EQ(layer["rms"], 0.1);  // the same double
  EXPECT_EQ(layer["rows"], (std::vector<int>{1, 2}));
  EXPECT_EQ(layer["tokens"], (std::vector<int>{9, 10}));
  EXPECT_EQ(layer["seconds"], 0.25);
  ASSERT_EQ(layer["responses"].size(), 6U);
  const auto& response = layer["responses"][4];
  EXPECT_EQ(response["direction"], 1);
  EXPECT_EQ(response["epsilon"], -2);
  EXPECT_EQ(response["kl"], (std::vector<double>{0.8, 0.8 / 100}));
  EXPECT_EQ(response["mean"], 0.8 * 0.5);
  const nlohmann::json by_row{
      {"kl_reverse", {0.5, 1}},         {"js", {0.1, 0.25}},  // not 0.1F's digits as a double
      {"delta_logprob", {-2, nullptr}}, {"total_variation", {0.125, 4}},
      {"entropy_change", {-8, 16}},     {"top1_flip", {1, 0}}};
  EXPECT_EQ(response["by_row"], by_row);
}

TEST(TugJson, SampledVocabulariesHaveTheirErrors) {
  TugResult result = made_result(ReadoutKind::kPredicting);
  const auto exact = nlohmann::json::parse(tug_json(result));
  EXPECT_EQ(exact["vocabulary"], "exact");
  EXPECT_FALSE(exact["layers"][0]["responses"][0].contains("standard_error"));
  result.vocabulary = Vocabulary::kSampled;
  result.spans[0].layers[0].measured.responses[0].kl_standard_error = 0.125;
  const auto sampled = nlohmann::json::parse(tug_json(result));
  EXPECT_TRUE(holds(sampled["vocabulary"], "sampled"));
  EXPECT_EQ(sampled["layers"][0]["responses"][0]["standard_error"], 0.125);
  EXPECT_TRUE(holds(tug_text(result, Colour::kNo), "vocabulary sampled: all but"));
}

TEST(TugJson, SaysWhatPushesCost) {
  const TugResult result = made_result(ReadoutKind::kPredicting);
  EXPECT_EQ(nlohmann::json::parse(tug_json(result))["layers"][0]["flops"], 1.5e9);
}

TEST(TugJson, RowsOfEitherReadoutNameTheSpansTokens) {
  const auto json = nlohmann::json::parse(tug_json(made_result(ReadoutKind::kFollowing)));
  EXPECT_EQ(json["layers"][0]["rows"], (std::vector<int>{2, 3}));
  EXPECT_EQ(json["layers"][0]["tokens"], (std::vector<int>{9, 10}));
}

TEST(TugPage, ListsTokensWhereThereAreNoColours) {
  for (const ReadoutKind readout : {ReadoutKind::kPredicting, ReadoutKind::kFollowing}) {
    const std::string page = tug_text(made_result(readout), Colour::kNo);
    // At epsilon -2, whose size is the largest: the mean of 0.4 and 0.8.
    EXPECT_TRUE(holds(page, "at epsilon -2")) << page;
    EXPECT_TRUE(holds(page, "        2  6.000e-01  '⏎'\n        3  6.000e-03  ' \\x1b[31m'\n")) << page;
    EXPECT_TRUE(holds(page, "pushed at token 1 'So'")) << page;
    EXPECT_FALSE(holds(page, "\x1b")) << page;
  }
}

TEST(TugPage, TableHasMeansWithStandardErrors) {
  const std::string page = tug_text(made_result(ReadoutKind::kPredicting), Colour::kNo);
  // 0.1 and 0.2 at epsilon 1: mean 0.15, standard error 0.05.
  EXPECT_TRUE(holds(page, "        1    25.00%  1.500e-01 ± 5.0e-02\n")) << page;
  EXPECT_TRUE(holds(page, "        0     0.00%  0\n")) << page;
}

TEST(TugPage, ColoursTokensOnATerminal) {
  const std::string page = tug_text(made_result(ReadoutKind::kPredicting), Colour::kYes);
  const HeatScale scale(0.6);
  EXPECT_EQ(scale.level(0.6), HeatScale::kLevels);
  EXPECT_EQ(scale.level(0.006), 3);
  EXPECT_TRUE(holds(page, scale.paint("⏎", 0.6) + scale.paint(" \\x1b[31m", 0.006) + "\n")) << page;
  EXPECT_TRUE(holds(page, scale.legend())) << page;
}

TEST(HeatScale, LevelsAreHalfDecades) {
  const HeatScale scale(2.0);
  EXPECT_EQ(scale.level(0), 0);
  EXPECT_EQ(scale.level(0.0019), 0);
  EXPECT_EQ(scale.level(0.0021), 1);
  EXPECT_EQ(scale.level(0.62), 5);
  EXPECT_EQ(scale.level(0.64), 6);
  EXPECT_EQ(scale.level(5), 6);
  EXPECT_EQ(HeatScale(0).level(0), 0);
  EXPECT_EQ(HeatScale(0).paint("x", 0), "x");
}

TEST(Visible, NothingReachesTheTerminalAsACommand) {
  EXPECT_EQ(visible("a\n\r\t b"), "a⏎␍⇥ b");
  EXPECT_EQ(visible(std::string("\x1b\0\x7f", 3)), "\\x1b\\x00\\x7f");
  EXPECT_EQ(visible("\xc2\x9b"), "\\x9b");
  EXPECT_EQ(visible("\xe2\x82"), "\xef\xbf\xbd");
  EXPECT_EQ(visible("é🙂"), "é🙂");
}

}  // namespace
}  // namespace tugline
