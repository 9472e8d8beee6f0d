// The built program's sweeps that grow: what was measured keeps its bits, and the grown store exports what one run of everything exports.
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "commands.h"
#include "tugline/store/run_store.h"

namespace tugline::test {
namespace {

const std::string kPushes = " --epsilons 0,0.5,1 --directions 3";

class Growth : public Commands {
 protected:
  void sweep(const std::string& store, const std::string& arguments,
             const std::string& data = "data.json") const {
    const ProgramOutcome outcome = tugline("sweep $MODEL " + data + " -o " + store + " " + arguments);
    EXPECT_EQ(outcome.status, 0) << arguments << "\n" << outcome.err;
  }
  // What the units took is the one thing that differs between two runs.
  [[nodiscard]] std::string exported(const std::string& store, const std::string& table) const {
    const ProgramOutcome outcome = tugline("export " + store + " --table " + table + " --format json");
    EXPECT_EQ(outcome.status, 0) << outcome.err;
    auto rows = nlohmann::json::parse(outcome.out);
    for (auto& row : rows) row.erase("seconds");
    return rows.dump();
  }
  void expect_equal(const std::string& found, const std::string& expected) const {
    for (const char* table : {"curves", "responses", "rows", "units", "examples", "distance"})
      EXPECT_EQ(exported(found, table), exported(expected, table)) << table;
    const auto skipped = [&](const std::string& name) {
      return RunStore::open_read_only(folder_ / name).skipped_spans();
    };
    EXPECT_EQ(skipped(found), skipped(expected));
  }
};

// In every order, also downwards: no layer's digits depend on the run's lowest one, at any hook, and neither do the audits'.
TEST_F(Growth, ByLayersEqualsOneRunOfAll) {
  for (const std::string hook : {"resid_pre", "resid_mid", "resid_post"}) {
    const std::string settings = kPushes + " --audit 2 --readout downstream --hook " + hook;
    sweep("whole.db", "--layers 0,1,2" + settings);
    sweep("up.db", "--layers 0" + settings);
    sweep("up.db", "--layers 1,2" + settings);
    expect_equal("up.db", "whole.db");
    sweep("down.db", "--layers 2" + settings);
    sweep("down.db", "--layers 1,2" + settings);
    sweep("down.db", "--layers 0,1,2" + settings);
    expect_equal("down.db", "whole.db");
    for (const char* name : {"whole.db", "up.db", "down.db"}) std::filesystem::remove(folder_ / name);
  }
}

// The second example has no anchor: it is skipped at first, and is not when its chunks are measured.
TEST_F(Growth, BySpansEqualsOneRunOfAll) {
  auto data = nlohmann::json::parse(kData);
  data[1].erase("thought_anchor_sentence");
  data[1].erase("thought_anchor_idx");
  write("data.json", data.dump());
  const std::string settings = kPushes + " --layers 1 ";
  sweep("whole.db", "--spans anchor,chunks,controls" + settings);
  sweep("grown.db", "--spans anchor" + settings);
  sweep("grown.db", "--spans chunks" + settings);
  sweep("grown.db", "--spans controls" + settings);
  expect_equal("grown.db", "whole.db");
  sweep("other.db", "--spans chunks" + settings);
  sweep("other.db", "--spans anchor,chunks,controls" + settings);
  expect_equal("other.db", "whole.db");
}

// Also if the file is written anew, has metrics that it did not have, and an example more.
TEST_F(Growth, ByExamplesEqualsOneRunOfAll) {
  const std::string settings = kPushes + " --layers 1";
  sweep("grown.db", "--max-examples 1" + settings);
  auto data = nlohmann::json::parse(kData);
  data[0]["counterfactual_importance_kl"] = {0.1, 0.2};
  data.push_back({{"prompt", "q"},
                  {"model_input_prompt", "See. <think>"},
                  {"cot", "It is cold here. The sea is grey and wide. It is so."},
                  {"thought_anchor_idx", 1},
                  {"thought_anchor_sentence", "The sea is grey and wide."}});
  write("more.json", data.dump(4));
  sweep("grown.db", "--max-examples 2" + settings, "more.json");
  sweep("grown.db", settings, "more.json");
  sweep("whole.db", settings, "more.json");
  expect_equal("grown.db", "whole.db");
}

TEST_F(Growth, ExecutionSettingsAreRecordedForEachUnitAndDoNotBarGrowth) {
  sweep("run.db", "--layers 0 --batch-rows 100 --memory-limit 1GiB" + kPushes);
  sweep("run.db", "--layers 0,1 --batch-rows 200 --memory-limit 2GiB --threads 2" + kPushes);
  const std::vector<Provenance> sessions = RunStore::open_read_only(folder_ / "run.db").sessions();
  ASSERT_EQ(sessions.size(), 2U);
  EXPECT_EQ(sessions[0].at("batch_rows"), "100");
  EXPECT_EQ(sessions[1].at("batch_rows"), "200");
  EXPECT_EQ(sessions[0].at("memory_limit"), "1073741824");
  EXPECT_EQ(sessions[1].at("memory_limit"), "2147483648");
  EXPECT_NE(sessions[0].at("machine"), sessions[1].at("machine")) << "the number of threads";
  const auto session_of = RunStore::open_read_only(folder_ / "run.db").unit_sessions();
  for (const auto& [key, session] : session_of) EXPECT_EQ(session, key.layer == 0 ? 0U : 1U);
}

TEST_F(Growth, ADifferenceIsNamedWithBothValues) {
  sweep("run.db", "--layers 0" + kPushes);
  const std::string before = file_text(folder_ / "run.db");
  expect_refused("sweep $MODEL data.json -o run.db --layers 0,1 --seed 7" + kPushes,
                 "seed: the store has \"42\", this run \"7\"");
  expect_refused("sweep $MODEL data.json -o run.db --layers 0,1 --temperature 0.6" + kPushes,
                 "temperature: the store has \"1\", this run \"0.6\"");
  auto data = nlohmann::json::parse(kData);
  data[1]["cot"] = "There are ten in the box. One is red and nine are not. It was so.";
  write("other.json", data.dump());
  expect_refused("sweep $MODEL other.json -o run.db --layers 0,1" + kPushes, "example 1 has content hash");
  EXPECT_EQ(file_text(folder_ / "run.db"), before);
}

// Directions made of residuals depend on all of the run's transcripts.
TEST_F(Growth, OfDirectionsMadeOfResidualsIsByLayersAndNotByExamples) {
  const std::string settings = kPushes + " --direction-family difference";
  sweep("run.db", "--layers 0" + settings);
  sweep("run.db", "--layers 0,2" + settings);
  sweep("whole.db", "--layers 0,2" + settings);
  expect_equal("run.db", "whole.db");
  expect_refused("sweep $MODEL data.json -o run.db --layers 0 --max-examples 1" + settings,
                 "residuals: the store has \"2 transcripts, ");
}

}  // namespace
}  // namespace tugline::test
