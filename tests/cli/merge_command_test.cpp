// The built program's sweep --shard and merge on the tiny model: together they are the run that was never
// sharded.
#include <stdlib.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

#include "same_exports.h"
#include "tugline/store/run_store.h"

namespace tugline::test {
namespace {

const std::string kSettings = " --layers 0,2 --epsilons 0,1 --directions 3 --spans anchor,chunks";

// An environment variable of the programs that are run meanwhile.
class ScopedVariable {
 public:
  ScopedVariable(const char* name, const char* value) : name_(name) { ::setenv(name, value, 1); }
  ~ScopedVariable() { ::unsetenv(name_); }
  ScopedVariable(const ScopedVariable&) = delete;
  ScopedVariable& operator=(const ScopedVariable&) = delete;

 private:
  const char* name_;
};

class Shards : public ComparedStores {
 protected:
  void sweep(const std::string& arguments, int status = 0) const {
    const ProgramOutcome outcome = tugline("sweep $MODEL data.json" + arguments);
    EXPECT_EQ(outcome.status, status) << arguments << "\n" << outcome.err;
  }
  // `count` stores 1.db, 2.db ..., and their names.
  [[nodiscard]] std::string sweep_shards(int count, const std::string& settings) const {
    std::string names;
    for (int i = 1; i <= count; ++i) {
      const std::string name = std::to_string(i) + ".db";
      sweep(" -o " + name + settings + " --shard " + std::to_string(i) + "/" + std::to_string(count));
      names += " " + name;
    }
    return names;
  }
};

TEST_F(Shards, MergedEqualTheRunThatWasNotSharded) {
  sweep(" -o whole.db" + kSettings);
  for (const int count : {2, 5}) {
    const std::string out = "merged" + std::to_string(count) + ".db";
    const ProgramOutcome outcome = tugline("merge " + out + sweep_shards(count, kSettings));
    EXPECT_EQ(outcome.status, 0) << outcome.err;
    EXPECT_EQ(outcome.out, "");
    EXPECT_FALSE(holds(outcome.err, "missing")) << outcome.err;
    EXPECT_TRUE(holds(outcome.err, "12 of 12 units")) << outcome.err;
    expect_equal(out, "whole.db");
    for (int i = 1; i <= count; ++i) std::filesystem::remove(folder_ / (std::to_string(i) + ".db"));
  }
}

// Directions made of all transcripts' residuals, controls, and tokens sampled.
TEST_F(Shards, ShareWhatIsMadeOfAllTranscripts) {
  const std::string settings =
      " --layers 0,2 --epsilons 0,1 --directions 3 --spans anchor,controls --readout downstream "
      "--direction-family difference --orthogonal-to residual --vocabulary sampled";
  sweep(" -o whole.db" + settings);
  EXPECT_EQ(tugline("merge merged.db" + sweep_shards(3, settings)).status, 0);
  expect_equal("merged.db", "whole.db");
}

TEST_F(Shards, AMergedPartIsFinishedByThePlainCommand) {
  sweep(" -o whole.db" + kSettings);
  const std::string names = sweep_shards(3, kSettings);
  const ProgramOutcome outcome = tugline("merge merged.db 1.db 3.db");
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_TRUE(holds(outcome.err, "units of the run are missing")) << outcome.err;
  EXPECT_TRUE(holds(outcome.err, "shard 2/3 was not given")) << outcome.err;
  EXPECT_TRUE(holds(printed("summary merged.db"), "(unfinished)"));
  sweep(" -o merged.db" + kSettings);
  expect_equal("merged.db", "whole.db");
  EXPECT_FALSE(holds(printed("summary merged.db"), "unfinished"));
}

// As a launcher starts it, for each rank.
TEST_F(Shards, AreTakenByTheRanksOfALauncher) {
  sweep(" -o whole.db" + kSettings);
  for (const char* rank : {"0", "1", "2"}) {
    const ScopedVariable number("OMPI_COMM_WORLD_RANK", rank);
    const ScopedVariable count("OMPI_COMM_WORLD_SIZE", "3");
    sweep(" -o 'part-{shard}.db' --shard auto" + kSettings);
  }
  EXPECT_EQ(tugline("merge merged.db part-1-of-3.db part-2-of-3.db part-3-of-3.db").status, 0);
  expect_equal("merged.db", "whole.db");
}

TEST_F(Shards, AreRefusedToRanksThatWouldShareAStore) {
  expect_refused("sweep $MODEL data.json -o run.db --shard auto", "--shard: no launcher");
  expect_refused("sweep $MODEL data.json -o 'run-{shard}.db'", "--output: {shard} stands for a part");
  expect_refused("sweep $MODEL data.json -o '{shard}/run.db' --shard 1/2", "in the name of a folder");
  const ScopedVariable number("PMI_RANK", "0");
  const ScopedVariable count("PMI_SIZE", "2");
  expect_refused("sweep $MODEL data.json -o run.db --shard auto", "--output: each of the 2 parts");
  EXPECT_EQ(folder_.names(), std::vector<std::string>{"data.json"});
}

TEST_F(Shards, AreLabelledWhereverTheyAreShown) {
  sweep(" -o 1.db --shard 1/2" + kSettings);
  const std::string label = "shard 1/2 of a run of 12 units";
  EXPECT_TRUE(holds(printed("summary 1.db"), label)) << printed("summary 1.db");
  EXPECT_FALSE(holds(printed("summary 1.db"), "unfinished")) << "the shard itself is done";
  EXPECT_FALSE(holds(printed("summary 1.db"), "still to measure"));
  const auto json = result("summary 1.db --json");
  EXPECT_EQ(json["shard"]["number"], 1);
  EXPECT_EQ(json["shard"]["count"], 2);
  EXPECT_EQ(json["shard"]["units_of_run"], 12);
  EXPECT_EQ(json["units"]["planned"], json["units"]["done"]);
  EXPECT_TRUE(holds(tugline("export 1.db --table curves").err, "holds shard 1/2 only"));
  const ProgramOutcome analysis = tugline("analyze 1.db --json --resamples 100");
  EXPECT_TRUE(holds(analysis.err, "holds shard 1/2 only")) << analysis.err;
  EXPECT_EQ(nlohmann::json::parse(analysis.out)["settings"]["shard"], "1/2");
  const ProgramOutcome merge = tugline("merge out.db 1.db");
  EXPECT_TRUE(holds(merge.err, "its analysis was of a part and is left out")) << merge.err;
}

TEST_F(Shards, GoOnAsTheShardThatTheyAre) {
  sweep(" -o 1.db --shard 1/2" + kSettings);
  const std::string before = exported("1.db", "units");
  sweep(" -o 1.db --shard 1/2" + kSettings);
  EXPECT_EQ(exported("1.db", "units"), before);
}

// Into the run that was never sharded, by the other shard or by the plain command.
TEST_F(Shards, Grow) {
  sweep(" -o whole.db" + kSettings);
  for (const std::string rest : {" --shard 2/2", ""}) {
    sweep(" -o 1.db --shard 1/2" + kSettings);
    sweep(" -o 1.db" + rest + kSettings);
    expect_equal("1.db", "whole.db");
    EXPECT_TRUE(RunStore::open_read_only(folder_ / "1.db").shard().is_whole());
    EXPECT_FALSE(holds(printed("summary 1.db"), "unfinished"));
    std::filesystem::remove(folder_ / "1.db");
  }
  sweep(" -o whole.db --shard 1/2" + kSettings);
  EXPECT_TRUE(RunStore::open_read_only(folder_ / "whole.db").shard().is_whole());
}

// Stores of one identity need not be shards: of other layers, spans, examples, epsilons, directions and
// audits.
TEST_F(Shards, StoresOfAnyPartsOfARunAreMerged) {
  const std::string pushes = " --epsilons 0,1 --directions 3";
  sweep(" -o whole.db --layers 0,2 --spans anchor,chunks" + pushes);
  sweep(" -o a.db --layers 0 --spans anchor,chunks" + pushes);
  sweep(" -o b.db --layers 2 --spans anchor" + pushes);
  sweep(" -o c.db --layers 2 --spans chunks --max-examples 1" + pushes);
  sweep(" -o d.db --layers 0,2 --spans chunks" + pushes);
  const ProgramOutcome outcome = tugline("merge merged.db a.db b.db c.db d.db");
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  expect_equal("merged.db", "whole.db");
  EXPECT_FALSE(holds(printed("summary merged.db"), "unfinished"));

  // Grown by the one, as merged of the two.
  sweep(" -o e.db --layers 0 --epsilons 0,1 --directions 3");
  std::filesystem::copy(folder_ / "e.db", folder_ / "grown.db");
  sweep(" -o f.db --layers 0 --epsilons 2,3 --directions 3");
  sweep(" -o grown.db --layers 0 --epsilons 0,1,2,3 --directions 3");
  EXPECT_EQ(tugline("merge both.db e.db f.db").status, 0);
  expect_equal("both.db", "grown.db");
  // What two have in common is compared, and kept once.
  EXPECT_EQ(tugline("merge again.db both.db e.db grown.db").status, 0);
  expect_equal("again.db", "grown.db");
  sweep(" -o more.db --layers 0 --epsilons 0,1 --directions 3 --audit 3");
  EXPECT_EQ(tugline("merge audited.db e.db more.db").status, 0);
  expect_equal("audited.db", "more.db");
}

TEST_F(Shards, DryRunTellsTheShardsPart) {
  int64_t units = 0;
  double share = 0;
  for (const char* shard : {"1/2", "2/2"}) {
    const auto json =
        result("sweep $MODEL data.json --dry-run --json --shard " + std::string(shard) + kSettings);
    units += json["units"].get<int64_t>();
    share += json["shard"]["share_of_flops"].get<double>();
    EXPECT_EQ(json["shard"]["units_of_run"], 12);
    EXPECT_EQ(json["pushes"].get<int64_t>(), json["units"].get<int64_t>() * 3);
  }
  EXPECT_EQ(units, 12);
  EXPECT_GE(share, 1 - 1e-12) << "above 1 where an example's baseline is computed by both";
  EXPECT_LT(share, 1.3);
  EXPECT_TRUE(
      holds(printed("sweep $MODEL data.json --dry-run --shard 1/2" + kSettings), "part      shard 1/2: "));
  EXPECT_TRUE(result("sweep $MODEL data.json --dry-run --json" + kSettings)["shard"].is_null());
}

TEST_F(Shards, AnEmptyShardIsAStoreWithoutUnits) {
  const ProgramOutcome outcome =
      tugline("sweep $MODEL data.json -o 9.db --layers 0 --directions 1 --epsilons 1 --shard 9/9");
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_TRUE(holds(outcome.err, "shard 9/9 has nothing to measure: the run has only 2 spans"))
      << outcome.err;
  EXPECT_EQ(RunStore::open_read_only(folder_ / "9.db").examples().size(), 2U);
}

TEST_F(Shards, BadInput) {
  for (const std::string shard : {"0/4", "5/4", "x/y", "1/0", "-1/4", "1", "1/2/3", "''", "/", "1.0/2"}) {
    expect_refused("sweep $MODEL data.json -o run.db --shard " + shard, "--shard");
    EXPECT_FALSE(std::filesystem::exists(folder_ / "run.db")) << shard;
  }
  expect_refused("merge", "OUT.db");
  expect_refused("merge out.db", "A.db");
  expect_refused("merge out.db none.db", "none.db");
  expect_refused("merge out.db data.json", "data.json");
  sweep(" -o a.db --epsilons 1 --layers 0 --directions 1");
  sweep(" -o b.db --epsilons 1 --layers 0 --directions 1 --seed 7");
  expect_refused("merge out.db a.db b.db", "seed: ");
  expect_refused("merge b.db a.db", "is there already");
  expect_refused("merge out.db a.db a.db", "given twice");
  expect_refused("merge /dev/full a.db", "/dev/full");
  EXPECT_FALSE(std::filesystem::exists(folder_ / "out.db"));
}

TEST_F(Shards, HelpShowsExamples) {
  EXPECT_TRUE(holds(printed("merge --help"), "  tugline merge run.db part1.db"));
  EXPECT_TRUE(holds(printed("sweep --help"), "--shard 2/4"));
}

}  // namespace
}  // namespace tugline::test
