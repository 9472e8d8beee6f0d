// Every write of a command is made to fail in turn: it then says so with status 2 and leaves no half of a
// result, or it was not needed and the result is whole.
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <regex>
#include <sstream>

#include "commands.h"
#include "support/made_runs.h"

namespace tugline::test {
namespace {

std::string without_seconds(const std::string& text) {
  return std::regex_replace(text, std::regex("\"seconds\":[0-9.e-]+"), "");
}

class FailingWrites : public Commands {
 protected:
  void SetUp() override {
    Commands::SetUp();
    make_small_run(folder_ / "run.db");
    names_before_ = folder_.names();
  }

  // Runs with the library of tests/support/failing_writes.c; `setting` is VARIABLE=VALUE.
  [[nodiscard]] ProgramOutcome run(const std::string& setting, const std::string& arguments) const {
    // The library does not come first in a build with AddressSanitizer.
    return run_program("cd '" + folder_.path().string() + "' && MODEL='" + kTinyModel +
                       "' && export OMP_NUM_THREADS=1 ASAN_OPTIONS=verify_asan_link_order=0:detect_leaks=0 "
                       "LD_PRELOAD='" TUGLINE_FAILING_WRITES "' " +
                       setting + " && '" TUGLINE_PROGRAM "' " + arguments);
  }

  // The most calls of one of the command's processes.
  [[nodiscard]] long calls_of(const std::string& arguments) const {
    const TemporaryFolder counts;
    const ProgramOutcome outcome =
        run("TUGLINE_COUNT_WRITES='" + (counts / "counts").string() + "'", arguments);
    EXPECT_EQ(outcome.status, 0) << outcome.err;
    std::istringstream lines(file_text(counts / "counts"));
    long most = 0;
    for (long count = 0; lines >> count;) most = std::max(most, count);
    return most;
  }

  // The command writes `file`, or standard output if that is empty.
  void expect_whole_or_error(const std::string& arguments, const std::string& file) {
    const long calls = calls_of(arguments);
    ASSERT_GT(calls, 0) << arguments;
    const std::string whole =
        file.empty() ? without_seconds(run("A=1", arguments).out) : file_text(folder_ / file);
    ASSERT_NE(whole, "") << arguments;
    int failures = 0;
    for (long call = 1; call <= calls; ++call) {
      // gnuplot writes in hundreds of pieces: the first, the last, and some between.
      if (call > 15 && call < calls - 35 && call % 17 != 0) continue;
      if (!file.empty()) std::filesystem::remove(folder_ / file);
      const ProgramOutcome outcome = run("TUGLINE_FAIL_WRITE=" + std::to_string(call), arguments);
      const std::string what = arguments + ", call " + std::to_string(call) + " of " + std::to_string(calls);
      const std::string found = file.empty() ? without_seconds(outcome.out) : file_text(folder_ / file);
      if (outcome.status == 0) {
        EXPECT_EQ(found.size(), whole.size()) << what;
      } else {
        ++failures;
        EXPECT_EQ(outcome.status, 2) << what << ": " << outcome.err;
        EXPECT_NE(outcome.err, "") << what;
        if (!file.empty()) {
          // Whole, if all that failed was to synchronise the folder, after the file had its name.
          EXPECT_TRUE(found.empty() || found.size() == whole.size()) << what << ": " << outcome.err;
          std::filesystem::remove(folder_ / file);
          EXPECT_EQ(folder_.names(), names_before_) << what << ": " << outcome.err;
        }
      }
    }
    EXPECT_GT(failures, 0) << arguments << ": no call was needed";
    if (!file.empty()) std::filesystem::remove(folder_ / file);
  }

  std::vector<std::string> names_before_;
};

TEST_F(FailingWrites, FiguresAreWholeOrAnError) {
  for (const char* figure : {"figure.svg", "figure.png", "figure.pdf"})
    expect_whole_or_error("plot run.db -o " + std::string(figure), figure);
}

TEST_F(FailingWrites, TablesAreWholeOrAnError) {
  expect_whole_or_error("export run.db --table rows -o rows.csv", "rows.csv");
  expect_whole_or_error("export run.db --table rows", "");
  expect_whole_or_error("summary run.db", "");
  expect_whole_or_error("analyze run.db --no-store --resamples 100", "");
}

TEST_F(FailingWrites, VectorsAreWholeOrAnError) {
  expect_whole_or_error("vectors $MODEL data.json -o v.safetensors --kinds chunk", "v.safetensors");
}

TEST_F(FailingWrites, StandardOutputIsWholeOrAnError) {
  for (const char* arguments :
       {"--version", "--help", "help sweep", "inspect $MODEL", "inspect $MODEL --data data.json --json",
        "tug $MODEL --ids 1,2,3,4 --bos never --span 2:4 --epsilons 1 --json"})
    expect_whole_or_error(arguments, "");
}

TEST_F(FailingWrites, AFullStandardOutputIsAnErrorOfEveryCommand) {
  for (const char* arguments :
       {"--version", "-V", "--help", "help", "help plot", "sweep --help", "summary run.db",
        "summary run.db --json", "analyze run.db --no-store --resamples 100", "export run.db --table curves",
        "plot run.db -o -", "plot run.db -o /dev/full --force", "export run.db --table rows -o /dev/full",
        "inspect $MODEL", "inspect $MODEL --text a", "inspect $MODEL --data data.json",
        "tug $MODEL --ids 1,2,3 --bos never --span 2:3 --epsilons 1", "doctor --json",
        "sweep $MODEL data.json --dry-run"}) {
    const ProgramOutcome outcome = tugline(std::string(arguments) + " > /dev/full");
    EXPECT_EQ(outcome.status, 2) << arguments << "\n" << outcome.err;
    EXPECT_NE(outcome.err, "") << arguments;
  }
}

TEST_F(FailingWrites, AClosedStandardOutputIsAnErrorAndNeverAnotherFile) {
  const std::string before = file_text(folder_ / "run.db");
  for (const char* closed : {">&-", ">&- 2>&-", "<&- >&- 2>&-"})
    for (const char* arguments : {"export run.db --table rows ", "summary run.db ", "--version "})
      EXPECT_EQ(tugline(std::string(arguments) + closed).status, 2) << arguments << closed;
  EXPECT_EQ(file_text(folder_ / "run.db"), before);
  // Warnings must not land in the output: the file would get the number of the closed standard error.
  EXPECT_EQ(tugline("export run.db --table rows -o whole.csv").status, 0);
  EXPECT_EQ(tugline("export run.db --table rows -o part.csv <&- >&- 2>&-").status, 0);
  EXPECT_EQ(file_text(folder_ / "part.csv"), file_text(folder_ / "whole.csv"));
}

}  // namespace
}  // namespace tugline::test
