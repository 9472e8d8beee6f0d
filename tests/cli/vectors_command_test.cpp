// The built program's vectors on the tiny model, and a sweep along them.
#include <fstream>
#include <iterator>

#include "commands.h"
#include "tugline/files/array_file.h"
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
  EXPECT_EQ(read_direction_array(file + ":chunk.layer0").rows, 3);
  EXPECT_EQ(read_direction_array(file + ":example.layer2").rows, 1);
  EXPECT_EQ(read_direction_array(file + ":global.layer2").rows, 1);
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
  EXPECT_GT(responses[0].kl, 0);
  EXPECT_NE(responses[0].kl, responses[2].kl);  // the sign counts
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
  expect_refused(sweep, "null_directions");
  expect_refused("sweep $MODEL metrics.json -o t.db --null-directions 5", "--direction-file");
  const std::string summary = tugline("summary s.db").out;
  EXPECT_TRUE(holds(summary, "beside 5 random ones")) << summary;
  EXPECT_TRUE(holds(summary, "random directions beside the vectors: KL")) << summary;
  EXPECT_TRUE(holds(tugline("export s.db --table curves").out, ",5,1\n"));
  const std::string analysis = tugline("analyze s.db --resamples 100").out;
  EXPECT_TRUE(holds(analysis, "Supplied vectors against random directions at eps 2")) << analysis;
  EXPECT_TRUE(holds(analysis, "of 5")) << analysis;
  const ProgramOutcome figure = tugline("plot s.db -o f.svg --kind families");
  ASSERT_EQ(figure.status, 0) << figure.err;
  EXPECT_TRUE(holds(bytes_of("f.svg"), "random, beside v.safetensors:chunk.layer2"));
  ASSERT_EQ(tugline("plot s.db -o c.svg").status, 0);
  EXPECT_TRUE(holds(bytes_of("c.svg"), "are not drawn"));
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
