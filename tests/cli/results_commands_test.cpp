// The built program's summary, plot and export on a small run with known numbers.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "commands.h"
#include "support/made_runs.h"

namespace tugline::test {
namespace {

class ResultsCommands : public Commands {
 protected:
  void SetUp() override { make_small_run(store()); }
  [[nodiscard]] std::filesystem::path store() const { return folder_ / "run.db"; }
};

TEST_F(ResultsCommands, SummaryPrintsTheTable) {
  const ProgramOutcome outcome = tugline("summary run.db");
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_TRUE(holds(outcome.out, "7.500e-01 ± 3.8e-01")) << outcome.out;
  EXPECT_EQ(outcome.err, "");
  const nlohmann::json json = result("summary run.db --json");
  EXPECT_EQ(json["curves"][2]["kl"], 0.75);
  EXPECT_EQ(json["audit"]["pushes"], 4);
  EXPECT_EQ(json["audit"]["largest_disagreement"], 0.1875 / 1024);
}

TEST_F(ResultsCommands, ExportOfCurvesIsExact) {
  const ProgramOutcome outcome = tugline("export run.db --table curves");
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_TRUE(
      outcome.out.starts_with("span_kind,layer,epsilon,epsilon_relative,kl,standard_error,ci_low,ci_high,"
                              "spans,directions,null_direction\n"
                              "anchor,20,0,0,0,0,0,0,2,2,0\n"
                              "anchor,20,0.5,0.020833333333333332,0.046875,0.0234375,-0.25"))
      << outcome.out;
  EXPECT_TRUE(holds(outcome.out, "\nanchor,20,2,0.08333333333333333,0.75,0.375,-4.01")) << outcome.out;
}

TEST_F(ResultsCommands, ExportOfResponsesAndRows) {
  const ProgramOutcome responses = tugline("export run.db --table responses");
  EXPECT_TRUE(responses.out.starts_with(
      "example,span_kind,chunk,layer,position,direction,epsilon,kl,kl_reverse,js,"
      "top1_flips,delta_logprob,kl_standard_error,total_variation,entropy_change,kl_own_row,kl_after,"
      "cosine,null_direction,answer_change\n"
      "0,anchor,3,20,10,0,0,0,0,0,0,0,,0,0,0,0,,0,\n"
      "0,anchor,3,20,10,0,0.5,0.015625,0.017578125,0.00390625,0,-0.001953125,,0.0078125,0.0009765625,0."
      "01171875,0.01953125,0.125,0,\n"))
      << responses.out;
  EXPECT_EQ(std::count(responses.out.begin(), responses.out.end(), '\n'), 1 + 4 * 6);
  const ProgramOutcome rows = tugline("export run.db --table rows");
  EXPECT_TRUE(
      holds(rows.out,
            "top1_flips,delta_logprob,row,token,kl_standard_error,cosine,null_direction,total_variation,"
            "entropy_change,answer_change,rose_tokens,rose_pieces,rose_changes,fell_tokens,fell_pieces,"
            "fell_changes\n"));
  // The push's mean KL is 1/64; its rows are a quarter below and above.
  EXPECT_TRUE(holds(
      rows.out,
      "\n0,anchor,3,20,10,0,0.5,0.01171875,0.015625,0.001953125,0,-0.0009765625,10,7,,0.125,0,0.00390625,"
      "0.00048828125,,,,,,,\n"
      "0,anchor,3,20,10,0,0.5,0.01953125,0.01953125,0.005859375,0,-0.0029296875,11,2108,,0.125,0,0.01171875,"
      "0.0014648438,,,,,,,\n"))
      << rows.out;
}

TEST_F(ResultsCommands, ARowWithoutANextTokenHasNoChangeOfItsLogProbability) {
  UnitRecord unit = made_unit(0, 20, 0.0625, {0.5});
  unit.measured.row_tokens = {7, -1};
  {
    RunStore made = RunStore::create_or_resume(folder_ / "last.db", made_identity(), made_provenance());
    made.put_example(made_example(0));
    made.put_unit(unit);
  }
  EXPECT_TRUE(
      holds(printed("export last.db --table rows"),
            "\n0,anchor,3,20,10,0,0.5,0.01953125,0.01953125,0.005859375,0,,11,,,0.125,0,0.01171875,"));
}

TEST_F(ResultsCommands, ExportOfUnitsAndExamples) {
  const ProgramOutcome distance = tugline("export run.db --table distance");
  EXPECT_TRUE(distance.out.starts_with(
      "span_kind,layer,epsilon,distance,kl,standard_error,ci_low,ci_high,spans,directions,null_direction\n"))
      << distance.out;
  // Two examples' rows at the pushed token and one behind it: three quarters and five quarters of the mean.
  EXPECT_TRUE(holds(distance.out, "anchor,20,2,0,0.5625,")) << distance.out;
  EXPECT_TRUE(holds(distance.out, "anchor,20,2,1,0.9375,")) << distance.out;
  const ProgramOutcome units = tugline("export run.db --table units");
  EXPECT_TRUE(holds(units.out,
                    "0,anchor,3,20,11,13,10,20.333333333333332,2,0.1,2,6.103515625e-05,,\"So, 42.\",0,,,,,"))
      << units.out;
  const ProgramOutcome examples = tugline("export run.db --table examples");
  EXPECT_TRUE(
      holds(examples.out, "2,00ff2,102,no anchor sentence,\"What is 6 x 7?\nSay \"\"why\"\", briefly.\",\n"))
      << examples.out;
}

TEST_F(ResultsCommands, ExportAsJsonIntoAFile) {
  const ProgramOutcome outcome = tugline("export run.db --table rows --format json -o rows.json");
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_EQ(outcome.out, "");
  const auto rows = nlohmann::json::parse(file_text(folder_ / "rows.json"));
  ASSERT_EQ(rows.size(), 48U);
  EXPECT_EQ(rows[2]["kl"], 0.01171875);
  EXPECT_EQ(rows[2]["token"], 7);
}

TEST_F(ResultsCommands, PlotWritesTheFigure) {
  const ProgramOutcome outcome = tugline("plot run.db -o curve.svg");
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_TRUE(holds(file_text(folder_ / "curve.svg"), "made-model"));
  EXPECT_EQ(folder_.names(), (std::vector<std::string>{"curve.svg", "run.db"}));
}

TEST_F(ResultsCommands, HelpShowsExamples) {
  for (const char* command : {"summary", "plot", "report", "export"}) {
    const ProgramOutcome outcome = tugline(std::string(command) + " --help");
    EXPECT_EQ(outcome.status, 0);
    EXPECT_TRUE(holds(outcome.out, std::string("  tugline ") + command + " run.db")) << outcome.out;
  }
}

TEST_F(ResultsCommands, BadInputEndsWithStatusTwoAndLeavesNothing) {
  std::ofstream(folder_ / "notes.txt") << "not a database";
  for (const char* arguments : {"summary missing.db",
                                "summary notes.txt",
                                "summary .",
                                "export run.db --table nonsense",
                                "export run.db",
                                "export run.db --table curves --format xml",
                                "export run.db --table curves -o none/out.csv",
                                "export run.db --table curves -o .",
                                "export run.db --table rows -o /dev/full",
                                "export run.db --table rows > /dev/full",
                                "summary run.db > /dev/full",
                                "plot run.db -o figure.gif",
                                "plot run.db",
                                "plot run.db -o none/figure.svg",
                                "report run.db",
                                "report run.db -o .",
                                "report run.db -o none/report.html",
                                "report run.db -o /dev/full",
                                "report run.db -o - > /dev/full",
                                "plot run.db -o figure.svg --spans chunk"}) {
    const ProgramOutcome outcome = tugline(arguments);
    EXPECT_EQ(outcome.status, 2) << arguments << ": " << outcome.err;
    EXPECT_NE(outcome.err, "") << arguments;
    EXPECT_EQ(outcome.out, "") << arguments;
  }
  EXPECT_EQ(folder_.names(), (std::vector<std::string>{"notes.txt", "run.db"}));
}

#ifndef TUGLINE_SANITIZED  // ThreadSanitizer needs files that may grow
TEST_F(ResultsCommands, AFullDiskLeavesNoHalfWrittenResult) {
  // Files of more than eight blocks are refused by the system, as if the disk were full.
  const std::string limited =
      "cd '" + folder_.path().string() + "'; trap '' XFSZ; ulimit -f 8; '" TUGLINE_PROGRAM "' ";
  for (const char* arguments :
       {"plot run.db -o figure.png", "export run.db --table rows --format json -o rows.json"}) {
    const ProgramOutcome outcome = run_program(limited + arguments);
    EXPECT_EQ(outcome.status, 2) << arguments << ": " << outcome.err;
  }
  EXPECT_EQ(folder_.names(), std::vector<std::string>{"run.db"});
}
#endif

TEST_F(ResultsCommands, DevicesAreWrittenAndNeverReplaced) {
  const ProgramOutcome outcome = tugline("export run.db --table examples -o /dev/stdout");
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_TRUE(outcome.out.starts_with("example,content_hash")) << outcome.out;
  EXPECT_EQ(tugline("plot run.db -o null.svg && ln -s /dev/null device.svg").status, 0);
  EXPECT_EQ(tugline("plot run.db -o device.svg").status, 0);
  EXPECT_TRUE(std::filesystem::is_character_file("/dev/null"));
}

}  // namespace
}  // namespace tugline::test
