// The built program's sweeps that grow: what was measured keeps its bits, and the grown store exports what
// one run of everything exports.
#include <filesystem>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "same_exports.h"
#include "tugline/store/run_store.h"
#include "tugline/store/unit_rows.h"

namespace tugline::test {
namespace {

const std::string kPushes = " --epsilons 0,0.5,1 --directions 3";

class Growth : public ComparedStores {
 protected:
  void sweep(const std::string& store, const std::string& arguments,
             const std::string& data = "data.json") const {
    const ProgramOutcome outcome = tugline("sweep $MODEL " + data + " -o " + store + " " + arguments);
    EXPECT_EQ(outcome.status, 0) << arguments << "\n" << outcome.err;
  }
};

// In every order, also downwards: no layer's digits depend on the run's lowest one, at any hook, and neither
// do the audits'.
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
  for (const StoredPart& part : RunStore::open_read_only(folder_ / "run.db").stored_parts())
    EXPECT_EQ(part.session, part.record.key.layer == 0 ? 1 : 2);
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

// What the parts export that are measured alone, together; and what was there keeps its bits.
TEST_F(Growth, ByEpsilonsIsTheTwoPartsTogether) {
  for (const std::string more :
       {"", " --direction-sharing independent", " --push rotation --moved-tokens 2"}) {
    const std::string settings = " --layers 0,2 --directions 3 --audit 2" + more;
    sweep("a.db", "--epsilons 0,1" + settings);
    std::filesystem::copy(folder_ / "a.db", folder_ / "grown.db");
    sweep("b.db", "--epsilons 0.5,2,-1" + settings);
    sweep("grown.db", "--epsilons 0,0.5,1,2,-1" + settings);
    std::set<std::string> parts;
    for (const char* store : {"a.db", "b.db"})
      for (const auto& row : nlohmann::json::parse(exported(store, "responses"))) parts.insert(row.dump());
    std::set<std::string> found;
    for (const auto& row : nlohmann::json::parse(exported("grown.db", "responses"))) found.insert(row.dump());
    EXPECT_EQ(found, parts) << more;
    for (const char* name : {"a.db", "b.db", "grown.db"}) std::filesystem::remove(folder_ / name);
  }
}

TEST_F(Growth, ByDirectionsKeepsWhatWasMeasured) {
  const std::string settings = " --layers 0,2 --epsilons 0,1 --audit 1";
  sweep("grown.db", "--directions 2" + settings);
  const auto before = nlohmann::json::parse(exported("grown.db", "responses"));
  sweep("grown.db", "--directions 5" + settings);
  const auto after = nlohmann::json::parse(exported("grown.db", "responses"));
  EXPECT_EQ(after.size(), before.size() / 2 * 5);
  std::set<std::string> rows;
  for (const auto& row : after) rows.insert(row.dump());
  for (const auto& row : before) EXPECT_TRUE(rows.contains(row.dump())) << row;
  // The same directions as in one run of all, up to the rounding of batches of another shape.
  sweep("whole.db", "--directions 5" + settings);
  const auto whole = nlohmann::json::parse(exported("whole.db", "responses"));
  ASSERT_EQ(whole.size(), after.size());
  for (size_t i = 0; i < whole.size(); ++i) {
    EXPECT_EQ(after[i]["direction"], whole[i]["direction"]);
    EXPECT_EQ(after[i]["cosine"], whole[i]["cosine"]);
    const double kl = whole[i]["kl"].get<double>();
    EXPECT_NEAR(after[i]["kl"].get<double>(), kl, 1e-5 * kl);
  }
  EXPECT_FALSE(holds(printed("summary grown.db"), "gap"));
  EXPECT_EQ(result("summary grown.db --json")["measured"]["directions"], nlohmann::json::parse("[5, 5]"));
}

TEST_F(Growth, ByAuditsEqualsOneRunOfAll) {
  const std::string settings = " --layers 0,2 --directions 3 --epsilons 0,1,2";
  sweep("grown.db", "--audit 0" + settings);
  sweep("grown.db", "--audit 1" + settings);
  sweep("grown.db", "--audit 4" + settings);
  sweep("whole.db", "--audit 4" + settings);
  expect_equal("grown.db", "whole.db");
  const std::string before = file_text(folder_ / "grown.db");
  sweep("grown.db", "--audit 2" + settings);
  EXPECT_EQ(file_text(folder_ / "grown.db"), before) << "fewer are there already";
}

// A file with an array for each layer is one file, whichever layers are swept.
TEST_F(Growth, ByLayersOfDirectionsThatEachLayerHasOfItsOwn) {
  ASSERT_EQ(tugline("vectors $MODEL data.json -o v.safetensors --layers 0,1,2").status, 0);
  const std::string settings = " --epsilons 0,1 --null-directions 2 --direction-file v.safetensors:example";
  sweep("grown.db", "--layers 1" + settings);
  sweep("grown.db", "--layers 0,1,2" + settings);
  sweep("whole.db", "--layers 0,1,2" + settings);
  expect_equal("grown.db", "whole.db");
}

// Each layer has its own curves; what only some layers have is left out of the analysis, which says so.
TEST_F(Growth, LayersMayHaveOtherEpsilons) {
  sweep("run.db", "--layers 0 --epsilons 0,1,2 --directions 3");
  sweep("run.db", "--layers 2 --epsilons 0,1 --directions 3");
  const ProgramOutcome curves = tugline("export run.db --table curves --format json");
  EXPECT_EQ(nlohmann::json::parse(curves.out).size(), 5U);
  EXPECT_FALSE(holds(curves.err, "lack")) << curves.err;
  EXPECT_FALSE(holds(printed("summary run.db"), "unfinished"));
  const ProgramOutcome analysis = tugline("analyze run.db --no-store --resamples 100");
  EXPECT_EQ(analysis.status, 0) << analysis.err;
  EXPECT_TRUE(holds(analysis.out, "Not at every layer, and left out: epsilon 2.")) << analysis.out;
}

TEST_F(Growth, SpansThatLackPushesAreNamed) {
  sweep("run.db", "--layers 1 --max-examples 1 --epsilons 0,1,2 --directions 3");
  sweep("run.db", "--layers 1 --epsilons 0,1 --directions 3");
  const std::string gap =
      "anchor, layer 1: 1 of 2 spans lack every direction at epsilon 2, which others have";
  const std::string summary = printed("summary run.db");
  EXPECT_TRUE(holds(summary, gap)) << summary;
  EXPECT_TRUE(holds(summary, "(unfinished)")) << summary;
  EXPECT_TRUE(holds(tugline("export run.db --table curves").err, gap));
  sweep("run.db", "--layers 1 --epsilons 0,1,2 --directions 3");
  EXPECT_FALSE(holds(printed("summary run.db"), "gap"));
}

TEST_F(Growth, DryRunSaysWhatIsThereAndWhatIsMissing) {
  sweep("run.db", "--layers 0 --directions 3 --epsilons 0,1");
  const std::string more =
      "sweep $MODEL data.json -o run.db --dry-run --layers 0,2 --directions 3 --audit 2 --epsilons 0,1";
  const ProgramOutcome page = tugline(more + ",2");
  EXPECT_TRUE(holds(
      page.out,
      "0 of them in the store already, 4 to run (2 lack some of their pushes), 2 measured pushes to audit"))
      << page.out;
  const auto json = result(more + ",2 --json");
  EXPECT_EQ(json["units"], 4);
  EXPECT_EQ(json["units_left"], 4);
  EXPECT_EQ(json["units_partial"], 2);
  EXPECT_EQ(json["audits_left"], 2);
  EXPECT_EQ(json["pushes"], 2 * 3 + 2 * 6);
  const auto fewer = result(more + " --json");
  EXPECT_EQ(fewer["units_left"], 2);
  EXPECT_EQ(fewer["units_partial"], 0);
}

// Killed at any time, a growing store is what it was but for whole parts, and the same command ends what was
// begun.
TEST_F(Growth, KilledAtAnyTimeLeavesWhatWasThere) {
  const std::string settings = " --directions 20 --spans anchor,chunks --audit 1";
  sweep("start.db", "--layers 0 --epsilons 0,1" + settings);
  sweep("whole.db", "--layers 0,1,2 --epsilons 0,1,2" + settings);
  std::filesystem::copy(folder_ / "start.db", folder_ / "straight.db");
  sweep("straight.db", "--layers 0,1,2 --epsilons 0,1,2" + settings);
  const auto before = nlohmann::json::parse(exported("start.db", "responses"));
  std::set<std::string> all;
  for (const auto& row : nlohmann::json::parse(exported("straight.db", "responses"))) all.insert(row.dump());
  for (const char* milliseconds : {"30", "120", "300"}) {
    for (const char* signal : {"KILL", "INT"}) {
      std::filesystem::remove(folder_ / "run.db");
      std::filesystem::copy(folder_ / "start.db", folder_ / "run.db");
      (void)run_program("cd '" + folder_.path().string() + "' && export OMP_NUM_THREADS=1 && { timeout -s " +
                        signal + " $(echo " + milliseconds +
                        " | awk '{print $1/1000}') '" TUGLINE_PROGRAM "' sweep '" + kTinyModel +
                        "' data.json -o run.db --layers 0,1,2 --epsilons 0,1,2" + settings + "; true; }");
      const auto found = nlohmann::json::parse(exported("run.db", "responses"));
      EXPECT_EQ((found.size() - before.size()) % 20, 0U) << "whole parts are of 20 or 60 pushes";
      std::set<std::string> rows;
      for (const auto& row : found) rows.insert(row.dump());
      for (const auto& row : before) EXPECT_TRUE(rows.contains(row.dump()));
      for (const std::string& row : rows) EXPECT_TRUE(all.contains(row)) << row;
      sweep("run.db", "--layers 0,1,2 --epsilons 0,1,2" + settings);
      expect_equal("run.db", "straight.db");
    }
  }
}

}  // namespace
}  // namespace tugline::test
