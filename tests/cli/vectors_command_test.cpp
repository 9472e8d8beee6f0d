// The built program's vectors on the tiny model, and a sweep along them.
#include <fstream>
#include <iterator>

#include "commands.h"
#include "tugline/files/direction_file.h"
#include "tugline/store/run_store.h"

namespace tugline::test {
namespace {

const char* const kMetrics = R"([
 {"prompt": "p", "model_input_prompt": "Add. <think>", "cot": "We add one and two. The sum is three, so we stop. We are done here. The end",
  "thought_anchor_idx": 1, "thought_anchor_sentence": "The sum is three, so we stop.", "counterfactual_importance_kl": [0.1, 0.5, 0.2]}
])";

class Vectors : public Commands {
 protected:
  void SetUp() override { write("metrics.json", kMetrics); }
  [[nodiscard]] std::string bytes_of(const std::string& name) const {
    std::ifstream stream(folder_ / name, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
  }
};

TEST_F(Vectors, OfEveryKindAndASweepAlongThem) {
  const ProgramOutcome made = tugline("vectors $MODEL metrics.json -o v.safetensors --layers 0,2");
  ASSERT_EQ(made.status, 0) << made.err;
  EXPECT_EQ(made.out, "");
  const std::string file = (folder_ / "v.safetensors").string();
  EXPECT_EQ(read_direction_file(file + ":chunk.layer0").array->rows, 3);
  EXPECT_EQ(read_direction_file(file + ":example.layer2").array->rows, 1);
  EXPECT_EQ(read_direction_file(file + ":global.layer2").array->rows, 1);
  const std::string bytes = bytes_of("v.safetensors");
  for (const char* part :
       {"\"hook\":\"resid_post\"", "\"rows.chunk.layer0\":\"0:0,0:1,0:2\"", "\"rows.example.layer2\":\"0\"",
        "\"chunks.global.layer2\":\"1 above, 2 not\"", "\"threshold\":\"0.2\"", "\"model_weights\":\""})
    EXPECT_TRUE(holds(bytes, part)) << part;
  const ProgramOutcome swept = tugline(
      "sweep $MODEL metrics.json -o s.db --layers 2 --epsilons=-2:2:3 --direction-file "
      "v.safetensors:global.layer2");
  ASSERT_EQ(swept.status, 0) << swept.err;
  const RunStore store = RunStore::open_read_only(folder_ / "s.db");
  const auto responses = store.responses(store.unit_keys().at(0));
  ASSERT_EQ(responses.size(), 3U);
  EXPECT_GT(responses[0].kl(), 0);
  EXPECT_NE(responses[0].kl(), responses[2].kl());  // the sign counts
}

TEST_F(Vectors, ASweepBesideRandomDirectionsTellsThemApartEverywhere) {
  ASSERT_EQ(tugline("vectors $MODEL metrics.json -o v.safetensors --layers 2").status, 0);
  const std::string sweep =
      "sweep $MODEL metrics.json -o s.db --layers 2 --epsilons 0,1,2 --direction-file "
      "v.safetensors:chunk.layer2";
  const ProgramOutcome swept = tugline(sweep + " --null-directions 5");
  ASSERT_EQ(swept.status, 0) << swept.err;
  const RunStore store = RunStore::open_read_only(folder_ / "s.db");
  int null = 0;
  for (const ResponseRecord& response : store.responses(store.unit_keys().at(0)))
    null += response.set == DirectionSet::kNull ? 1 : 0;
  EXPECT_EQ(null, 15);
  // Without them, all that is asked for is there.
  EXPECT_TRUE(holds(tugline(sweep).err, "0 pushes to run"));
  expect_refused("sweep $MODEL metrics.json -o t.db --null-directions 5", "--null-directions: ");
  const std::string summary = printed("summary s.db");
  EXPECT_TRUE(holds(summary, "beside 5 random ones")) << summary;
  EXPECT_TRUE(holds(summary, "random directions beside the vectors: KL")) << summary;
  EXPECT_TRUE(holds(printed("export s.db --table curves"), ",5,1\n"));
  const std::string analysis = printed("analyze s.db --resamples 100");
  EXPECT_TRUE(holds(analysis, "At epsilon 2, 0 of 3 responses differ from the 5 random directions"))
      << analysis;
  EXPECT_TRUE(holds(analysis, "1 of 5 are at least as large")) << analysis;
  const ProgramOutcome figure = tugline("plot s.db -o f.svg --kind families");
  ASSERT_EQ(figure.status, 0) << figure.err;
  EXPECT_TRUE(holds(bytes_of("f.svg"), "v.safetensors:chunk.layer2"));
  ASSERT_EQ(tugline("plot s.db -o c.svg").status, 0);
  EXPECT_TRUE(holds(bytes_of("c.svg"), "supplied"));
}

// One run, and each layer's pushes as in a run along its own vector alone.
TEST_F(Vectors, AFileByLayerServesEachLayerWithItsOwn) {
  ASSERT_EQ(tugline("vectors $MODEL metrics.json -o v.safetensors --layers 0,2").status, 0);
  const std::string sweep = "sweep $MODEL metrics.json --epsilons 1,2 --direction-file v.safetensors";
  const ProgramOutcome both = tugline(sweep + ":global -o both.db --layers 0,2");
  ASSERT_EQ(both.status, 0) << both.err;
  EXPECT_FALSE(holds(both.err, "was made")) << both.err;
  for (const char* layer : {"0", "2"}) {
    const std::string alone = std::string("alone") + layer + ".db";
    ASSERT_EQ(tugline(sweep + ":global.layer" + layer + " --layers " + layer + " -o " + alone).status, 0);
    const RunStore store = RunStore::open_read_only(folder_ / alone);
    const UnitKey key = store.unit_keys().at(0);
    const auto responses = store.responses(key);
    const auto found = RunStore::open_read_only(folder_ / "both.db").responses(key);
    ASSERT_EQ(found.size(), responses.size());
    // Other layers in a run are other products in f32, whose rounding a KL sees to some 1e-7 of itself.
    for (size_t i = 0; i < found.size(); ++i)
      EXPECT_NEAR(found[i].kl(), responses[i].kl(), 1e-5 * responses[i].kl()) << layer;
  }
  const std::string summary = printed("summary both.db");
  EXPECT_TRUE(holds(summary, "v.safetensors:global")) << summary;
  EXPECT_TRUE(holds(summary, "layer 2: v.safetensors:global.layer2")) << summary;
  const ProgramOutcome tug = tugline(
      "tug $MODEL --text 'Two and two make four.' --span 3:6 --layers 0,2 --json --direction-file "
      "v.safetensors:global");
  EXPECT_TRUE(holds(tug.out, "\"direction_array\":\"v.safetensors:global.layer2\"")) << tug.out << tug.err;
  expect_refused("sweep $MODEL metrics.json -o w.db --layers 1 --direction-file v.safetensors:global",
                 "layer 1");
  expect_refused("sweep $MODEL metrics.json -o w.db --layers 2 --orthogonal-to v.safetensors:global",
                 "v.safetensors:global.layer0");
}

TEST_F(Vectors, PushedElsewhereThanTheyWereMadeAreWarnedAbout) {
  ASSERT_EQ(tugline("vectors $MODEL metrics.json -o v.safetensors --layers 2").status, 0);
  const std::string file = " --direction-file v.safetensors:global.layer2";
  const std::string tug = "tug $MODEL --text 'Two and two make four.' --span 3:6 --json --layers ";
  EXPECT_FALSE(holds(tugline(tug + "2" + file).err, "was made"));
  EXPECT_TRUE(holds(tugline(tug + "1" + file).err, "was made at layer 2, and is pushed at layer 1"));
  const std::string sweep = "sweep $MODEL metrics.json --layers 2 --hook resid_pre";
  for (const std::string& command : {sweep + file + " -o s.db", sweep + file + " --dry-run",
                                     sweep + " --orthogonal-to v.safetensors:global.layer2 -o o.db"}) {
    const ProgramOutcome swept = tugline(command);
    EXPECT_EQ(swept.status, 0) << swept.err;
    EXPECT_TRUE(holds(swept.err, "was made at resid_post, and is pushed at resid_pre")) << swept.err;
  }
}

TEST_F(Vectors, WithoutTheMetricTheDefaultLeavesGlobalOut) {
  write(
      "plain.json",
      R"([{"prompt": "p", "model_input_prompt": "Add. <think>", "cot": "We add one and two. The sum is three, so we stop. We are done here.",
  "thought_anchor_idx": 1, "thought_anchor_sentence": "The sum is three, so we stop."}])");
  const ProgramOutcome made = tugline("vectors $MODEL plain.json -o v.safetensors --layers 2");
  ASSERT_EQ(made.status, 0) << made.err;
  EXPECT_TRUE(holds(made.err, "no global vector is made; the kinds are chunk and example")) << made.err;
  EXPECT_FALSE(holds(bytes_of("v.safetensors"), "global.layer"));
  expect_refused("vectors $MODEL plain.json -o w.safetensors --kinds global,chunk", "chunk,example");
}

TEST_F(Vectors, ANameOfAnotherFormatIsRefused) {
  for (const char* name : {"v.npy", "v", "v.safetensors.npy"})
    expect_refused(std::string("vectors $MODEL metrics.json -o ") + name, ".safetensors");
}

TEST_F(Vectors, TheSameCommandGivesTheSameBytes) {
  ASSERT_EQ(tugline("vectors $MODEL metrics.json -o a.safetensors --centred").status, 0);
  ASSERT_EQ(tugline("vectors $MODEL metrics.json -o b.safetensors --centred").status, 0);
  EXPECT_EQ(bytes_of("a.safetensors"), bytes_of("b.safetensors"));
}

TEST_F(Vectors, WhatTheDataDoNotGiveIsRefused) {
  write(
      "plain.json",
      R"([{"prompt": "p", "model_input_prompt": "Add. <think>", "cot": "We add one and two. The sum is three, so we stop."}])");
  expect_refused("vectors $MODEL metrics.json -o v.safetensors --threshold 3 --kinds global", "0 are above");
  expect_refused("vectors $MODEL metrics.json -o v.safetensors --metric beauty", "beauty");
  expect_refused("vectors $MODEL metrics.json -o v.safetensors --kinds token", "token");
  const ProgramOutcome none = tugline("vectors $MODEL plain.json -o v.safetensors --kinds example");
  EXPECT_EQ(none.status, 3) << none.err;
  EXPECT_TRUE(holds(none.err, "'example'")) << none.err;
  EXPECT_FALSE(std::filesystem::exists(folder_ / "v.safetensors"));
}

}  // namespace
}  // namespace tugline::test
