// The built program and its run store when something happens to it: another tokenizer, an older tugline, a
// file that is taken away or damaged.
#include <nlohmann/json.hpp>
#include <random>
#include <vector>

#include "commands.h"
#include "tugline/store/field_names.h"
#include "tugline/store/run_store.h"

namespace tugline::test {
namespace {

const std::string kSettings = " --layers 0,2 --epsilons 0,1 --directions 3";

class SweepStore : public Commands {
 protected:
  // A copy of the tiny model whose tokenizer gives two letters each other's ids.
  void make_swapped_model() const {
    std::filesystem::copy(kTinyModel, folder_ / "swapped");
    auto tokenizer = nlohmann::json::parse(file_text(folder_ / "swapped/tokenizer.json"));
    auto& vocabulary = tokenizer["model"]["vocab"];
    std::swap(vocabulary["t"], vocabulary["x"]);
    write("swapped/tokenizer.json", tokenizer.dump());
  }
};

TEST_F(SweepStore, AnotherTokenizerIsRefusedNamingTheExample) {
  make_swapped_model();
  ASSERT_EQ(tugline("sweep $MODEL data.json -o run.db --max-examples 2" + kSettings).status, 0);
  const std::string words = "example 0 was tokenized to other ids";
  expect_refused("sweep swapped data.json -o run.db --max-examples 2" + kSettings, words);
  expect_refused("sweep swapped data.json -o run.db --dry-run --max-examples 2" + kSettings, words);
  ASSERT_EQ(tugline("sweep $MODEL data.json -o 1.db --shard 1/2" + kSettings).status, 0);
  ASSERT_EQ(tugline("sweep swapped data.json -o 2.db --shard 2/2" + kSettings).status, 0);
  expect_refused("merge out.db 1.db 2.db", words);
}

TEST_F(SweepStore, SaysSoIfAnotherVersionBegan) {
  ASSERT_EQ(tugline("sweep $MODEL data.json -o run.db" + kSettings).status, 0);
  EXPECT_FALSE(holds(tugline("sweep $MODEL data.json -o run.db" + kSettings).err, "was measured with"));
  {
    const RunStore store = RunStore::open_read_only(folder_ / "run.db");
    Provenance facts = store.meta();
    facts[field::kVersion] = "0.0.1";
    (void)RunStore::create_or_resume(folder_ / "old.db", store.identity(), facts);
  }
  const ProgramOutcome outcome = tugline("sweep $MODEL data.json -o old.db" + kSettings);
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_TRUE(holds(outcome.err, "was measured with tugline 0.0.1 so far")) << outcome.err;
}

// While the sweep runs, its store is deleted, cut, replaced or emptied: it never says that it is done.
TEST_F(SweepStore, AStoreThatIsTakenAwayIsNotDone) {
  ASSERT_EQ(tugline("sweep $MODEL data.json -o other.db" + kSettings).status, 0);
  for (const std::string& harm :
       {std::string("rm run.db"), std::string(": > run.db"), std::string("truncate -s 8192 run.db"),
        std::string("cp other.db new.db; mv new.db run.db"),
        std::string(
            "python3 -c \"import sqlite3; d = sqlite3.connect('run.db', timeout=0); d.execute('DELETE FROM "
            "units'); d.execute('DELETE FROM responses'); d.execute('DELETE FROM readout_rows'); "
            "d.commit()\"")}) {
    // After its first unit, which is of more than 15,000 bytes, the sweep is stopped until the harm is done.
    // If it was stopped while it held a lock, it goes on for a moment.
    const ProgramOutcome outcome = run_program(
        "cd '" + folder_.path().string() +
        "' && rm -f run.db* && export OMP_NUM_THREADS=1 && { '" TUGLINE_PROGRAM "' sweep '" + kTinyModel +
        "' data.json -o run.db --layers 0,1 --spans anchor,chunks --directions 300 --epsilons 0.5,1,2 & "
        "sweep=$!; "
        "while [ ! -s run.db ]; do sleep 0.01; done; empty=$(stat -c %s run.db); "
        "while [ $(stat -c %s run.db) -lt $((empty + 15000)) ]; do sleep 0.01; done; "
        "kill -STOP $sweep; until { " +
        harm +
        "; } 2>/dev/null; do kill -CONT $sweep; sleep 0.01; kill -STOP $sweep; done; kill -CONT $sweep; wait "
        "$sweep; }");
    EXPECT_EQ(outcome.status, 2) << harm << "\n" << outcome.err;
    EXPECT_FALSE(holds(outcome.err, "done in")) << harm << "\n" << outcome.err;
    EXPECT_FALSE(holds(outcome.err, "internal error")) << harm << "\n" << outcome.err;
  }
}

TEST_F(SweepStore, ADamagedStoreGivesTheSameOutputOrStatusTwo) {
  ASSERT_EQ(tugline("sweep $MODEL data.json -o whole.db --spans anchor,chunks" + kSettings).status, 0);
  const std::string whole = file_text(folder_ / "whole.db");
  const std::vector<std::string> commands = {
      "summary run.db",
      "export run.db --table responses",
      "export run.db --table units",
      "analyze run.db --no-store --resamples 100",
      "merge out.db run.db",
      "sweep $MODEL data.json -o run.db --spans anchor,chunks" + kSettings};
  const auto outcomes = [&](const std::string& bytes) {
    std::vector<ProgramOutcome> all;
    for (const std::string& command : commands) {
      write("run.db", bytes);
      std::filesystem::remove(folder_ / "out.db");
      all.push_back(tugline(command));
    }
    return all;
  };
  const std::vector<ProgramOutcome> expected = outcomes(whole);
  for (const ProgramOutcome& outcome : expected) ASSERT_EQ(outcome.status, 0) << outcome.err;
  std::mt19937_64 random(3);
  int refused = 0;
  for (int trial = 0; trial < 12; ++trial) {
    std::string bytes = whole;
    size_t place = random() % bytes.size();
    while (bytes[place] == 0) place = random() % bytes.size();
    bytes[place] = static_cast<char>(bytes[place] ^ 1 << random() % 8);
    const std::vector<ProgramOutcome> found = outcomes(bytes);
    for (size_t i = 0; i < found.size(); ++i) {
      EXPECT_TRUE(found[i].status == 2 || (found[i].status == 0 && found[i].out == expected[i].out))
          << commands[i] << ", byte " << place << "\n"
          << found[i].status << found[i].err;
      refused += found[i].status == 2 ? 1 : 0;
    }
  }
  EXPECT_GT(refused, 12);
}

}  // namespace
}  // namespace tugline::test
