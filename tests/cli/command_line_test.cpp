// What the program answers to requests for help, and to what is mistyped.
#include <sstream>

#include "commands.h"
#include "tugline/core/version.h"

namespace tugline::test {
namespace {

const std::vector<std::string> kCommands{"sweep",  "tug",    "vectors",    "summary", "analyze", "dose",
                                         "plot",   "report", "export",     "merge",   "inspect", "fetch",
                                         "doctor", "repl",   "completion", "man"};

// The directory of a model and a file of data that are there, so that only the words are wrong.
const std::string kSweep = "sweep $MODEL data.json -o run.db ";
const std::string kTug = "tug $MODEL --ids 1,2,3,4 --bos never --span 2:4 --directions 2 ";

class CommandLine : public Commands {};

TEST_F(CommandLine, HelpIsThereInEveryForm) {
  const ProgramOutcome all = tugline("--help");
  EXPECT_EQ(all.status, 0);
  for (const char* same : {"help", "-h", "help help", "help --help"})
    EXPECT_EQ(printed(same), all.out) << same;
  for (const std::string& command : kCommands) {
    EXPECT_TRUE(holds(all.out, "\n  " + command + " ")) << all.out;
    const ProgramOutcome help = tugline("help " + command);
    EXPECT_EQ(help.status, 0) << help.err;
    EXPECT_EQ(help.out, printed(command + " --help"));
    EXPECT_TRUE(holds(help.out, "tugline " + command)) << help.out;
  }
}

TEST_F(CommandLine, HelpFitsIntoAHundredColumns) {
  for (const std::string& command : kCommands) {
    std::istringstream help(printed(command + " --help"));
    for (std::string line; std::getline(help, line);)
      EXPECT_TRUE(line.size() <= 100 || line.starts_with("  tugline ") || line.starts_with("Usage:"))
          << command << "\n"
          << line;
  }
}

TEST_F(CommandLine, ExamplesOfHelpUseOptionsThatThereAre) {
  for (const std::string& command : kCommands) {
    std::istringstream help(printed(command + " --help"));
    std::string options;
    std::vector<std::string> used;
    for (std::string line; std::getline(help, line);) {
      if (!line.starts_with("  tugline ")) options += line + " \n";
      if (!line.starts_with("  tugline " + command + " ")) continue;  // an example of another command
      std::istringstream words(line);
      for (std::string word; words >> word;)
        if (word.starts_with("--")) used.push_back(word.substr(0, word.find('=')));
    }
    for (const std::string& option : used)
      EXPECT_TRUE(holds(options, option + " ") || holds(options, option + ",")) << command << " " << option;
  }
}

TEST_F(CommandLine, TheVersion) {
  for (const char* option : {"--version", "-V"}) EXPECT_EQ(printed(option), std::string(kVersion) + "\n");
}

TEST_F(CommandLine, AMistypedNameIsAnsweredWithTheNearest) {
  for (const auto& [typed, meant] : std::vector<std::pair<std::string, std::string>>{
           {"swep run", "there is no command 'swep'; did you mean sweep?"},
           {"sumary run.db", "did you mean summary?"},
           {"help exprot", "did you mean export?"},
           {"sweep --layer 24", "sweep: there is no option '--layer'; did you mean --layers?"},
           {kSweep + "--layer 24", "did you mean --layers?"},
           {kSweep + "--epsilon=1", "did you mean --epsilons?"},
           {kSweep + "--direction-fil v.npy", "did you mean --direction-file?"},
           {kTug + "-layers 2", "tug: there is no option '-layers'; did you mean --layers?"},
           {"plot run.db --knd curves", "did you mean --kind?"}})
    expect_refused(typed, meant);
  write("settings.toml", "layer = 1\n");
  expect_refused(kSweep + "--config settings.toml",
                 "'layer' is not an option of sweep; did you mean layers?");
  expect_refused(kSweep + "--spans anhcor", "did you mean anchor?");
}

TEST_F(CommandLine, WhatIsNearNothingIsNamedWithoutASuggestion) {
  expect_refused("frobnicate", "there is no command 'frobnicate' (");
  expect_refused(kSweep + "--frobnicate", "there is no option '--frobnicate' (");
  expect_refused("summary run.db other.db", "summary: 'other.db' is one argument too many");
  expect_refused("--layers 3 sweep", "options come after the command");
  expect_refused("", "give a command: sweep, tug");
  expect_refused("help sweep plot", "at most one command");
  expect_refused("summary " + std::string(3000, 'x') + " " + std::string(3000, 'y'),
                 "'" + std::string(80, 'y') + "...'");
  expect_refused(std::string(3000, 'x'), "'" + std::string(80, 'x') + "...'");
}

TEST_F(CommandLine, AValueMayLookLikeAnOption) {
  EXPECT_EQ(tugline(kTug + "--layers -1 --epsilons -1").status, 0);
  EXPECT_EQ(tugline(kTug + "--layers -2: --epsilons=-2:2:3").status, 0);
  EXPECT_EQ(tugline("inspect $MODEL --text --text").status, 0);
}

// Every option that takes a number, after what its command needs besides.
const std::vector<std::pair<std::string, std::vector<std::string>>> kNumberOptions{
    {kSweep,
     {"--epsilons", "--directions", "--null-directions", "--seed", "--max-examples", "--audit",
      "--batch-rows", "--threads", "--temperature", "--layers", "--memory-limit", "--shard"}},
    {kTug, {"--epsilons", "--seed", "--threads", "--temperature", "--layers"}},
    {"vectors $MODEL data.json -o v.safetensors ",
     {"--threshold", "--max-examples", "--threads", "--layers"}},
    {"analyze run.db ", {"--epsilon", "--threshold", "--small-epsilon", "--resamples", "--seed"}},
    {"plot run.db -o f.svg ", {"--layer", "--epsilon"}}};

TEST_F(CommandLine, NumbersAreDecimalAndFinite) {
  for (const auto& [command, options] : kNumberOptions)
    for (const std::string& option : options)
      for (const char* value : {"nan", "inf", "-inf", "0x1p0", "0x10", "1e999", "one", "''"})
        expect_refused(command + option + " " + value, option + ":");
}

TEST_F(CommandLine, AResponseThatIsNotFiniteIsRefusedByTugAndSweepAlike) {
  for (const std::string& command : {kSweep + "--directions 2 ", kTug}) {
    expect_refused(command + "--epsilons 1e308", "epsilon 1e+308");
    expect_refused(command + "--temperature 0", "--temperature");
    expect_refused(command + "--temperature 1001", "--temperature");
  }
}

TEST_F(CommandLine, HowANumberIsWrittenDoesNotMakeAnotherRun) {
  EXPECT_EQ(tugline(kSweep + "--directions 1 --epsilons 1,2 --temperature 1").status, 0);
  const ProgramOutcome again = tugline(kSweep + "--directions 1 --epsilons '1.0, 2e0' --temperature 1.00");
  EXPECT_EQ(again.status, 0) << again.err;
  EXPECT_TRUE(holds(again.err, " 0 pushes to run")) << again.err;
}

TEST_F(CommandLine, APresetsValuesGiveWayToTheUsers) {
  ASSERT_EQ(
      tugline("vectors $MODEL data.json -o v.safetensors --kinds 'chunk, example' --layers last").status, 0);
  const ProgramOutcome supplied =
      tugline(kSweep + "--preset notebook --direction-file v.safetensors:chunk.layer3 --layers 3");
  EXPECT_EQ(supplied.status, 0) << supplied.err;
  const ProgramOutcome principal =
      tugline("sweep $MODEL data.json -o p.db --preset notebook --direction-family principal --directions 2");
  EXPECT_EQ(principal.status, 0) << principal.err;
  // The user's own contradiction stays one.
  expect_refused(
      "sweep $MODEL data.json -o q.db --direction-sharing independent --direction-file "
      "v.safetensors:chunk.layer3",
      "independent has no meaning");
}

TEST_F(CommandLine, SpansHaveOneNameInTheSingularAndThePlural) {
  const std::string rest = " --epsilons 1 --directions 1 --audit 0";
  ASSERT_EQ(tugline("sweep $MODEL data.json -o run.db --spans 'anchors, chunk'" + rest).status, 0);
  for (const char* kind : {"chunk", "chunks", "anchor", "anchors"})
    EXPECT_EQ(tugline("plot run.db -o " + std::string(kind) + ".svg --spans " + kind).status, 0) << kind;
  EXPECT_TRUE(holds(printed("summary run.db"), "1 direction each"));
}

TEST_F(CommandLine, ADashIsStandardInput) {
  const std::string rest = " --span 3:6 --epsilons 1 --directions 1 --json";
  const auto without_time = [](std::string json) { return json.substr(0, json.find("\"seconds\"")); };
  write("text.txt", "So the total is 12.");
  const ProgramOutcome file = tugline("tug $MODEL --text-file text.txt" + rest);
  const ProgramOutcome input = tugline("tug $MODEL --text-file - < text.txt" + rest);
  EXPECT_EQ(input.status, 0) << input.err;
  EXPECT_EQ(without_time(input.out), without_time(file.out));
  EXPECT_EQ(printed("inspect $MODEL --text-file - < text.txt"),
            printed("inspect $MODEL --text-file text.txt"));
}

// The system opens /proc/self/mem and a folder, and refuses to read them.
TEST_F(CommandLine, AnInputThatBreaksOffIsAnErrorThatNamesIt) {
  const std::string span = " --span 3:6 --epsilons 1 --directions 1";
  const std::string text = "tug $MODEL --text-file ";
  expect_refused(text + "/proc/self/mem" + span, "--text-file: /proc/self/mem: cannot be read to its end");
  expect_refused(text + "-" + span + " < .", "standard input: cannot be read to its end");
  expect_refused("repl $MODEL < .", "standard input");
  expect_refused(kSweep + "--config /proc/self/mem", "--config: /proc/self/mem: cannot be read to its end");
  expect_refused("sweep $MODEL /proc/self/mem -o run.db", "/proc/self/mem: cannot be read to its end");
}

TEST_F(CommandLine, ADatasetMayComeFromStandardInput) {
  const std::string rest = " --epsilons 1 --directions 1 --audit 0";
  ASSERT_EQ(tugline("sweep $MODEL data.json -o run.db" + rest).status, 0);
  const ProgramOutcome piped = tugline("sweep $MODEL - -o run.db" + rest + " < data.json");
  EXPECT_EQ(piped.status, 0) << piped.err;
  EXPECT_TRUE(holds(piped.err, " 0 pushes to run")) << piped.err;  // the same bytes are the same dataset
  EXPECT_EQ(printed("inspect $MODEL --data - < data.json"), printed("inspect $MODEL --data data.json"));
  EXPECT_EQ(tugline("analyze run.db - --no-store --resamples 100 < data.json").status, 0);
  expect_refused("sweep $MODEL - -o other.db < /dev/null", "standard input");
}

TEST_F(CommandLine, NoColorHoldsForMessagesToo) {
  // `script` gives the program a terminal.
  if (run_program("script -qec true /dev/null < /dev/null").status != 0)
    GTEST_SKIP() << "there are no pseudo-terminals (is /dev/pts mounted?)";
  const auto on_a_terminal = [&](const std::string& settings) {
    return run_program(settings + " TERM=xterm script -qec \"'" TUGLINE_PROGRAM
                                  "' swep\" /dev/null < /dev/null")
        .out;
  };
  EXPECT_TRUE(holds(on_a_terminal("NO_COLOR="), "\x1b[")) << on_a_terminal("NO_COLOR=");
  const std::string plain = on_a_terminal("NO_COLOR=1");
  EXPECT_TRUE(holds(plain, "tugline: there is no command")) << plain;
  EXPECT_FALSE(holds(plain, "\x1b")) << plain;
}

}  // namespace
}  // namespace tugline::test
