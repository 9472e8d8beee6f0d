// The built program's inspect on the tiny model.
#include <nlohmann/json.hpp>

#include "commands.h"

namespace tugline::test {
namespace {

class Inspect : public Commands {
 protected:
  [[nodiscard]] nlohmann::json json(const std::string& arguments) const {
    return result("inspect --json " + arguments);
  }
  void make_tokenizer_folder() const {
    std::filesystem::create_directory(folder_ / "words");
    std::filesystem::copy(kTinyModel + "/tokenizer.json", folder_ / "words");
  }
};

TEST_F(Inspect, TellsWhatTheModelIs) {
  const auto found = json("$MODEL");
  EXPECT_EQ(found["name"], "tiny_model");
  EXPECT_EQ(found["supported"], true);
  EXPECT_EQ(found["config"]["architecture"], "Qwen2ForCausalLM");
  EXPECT_EQ(found["config"]["num_layers"], 4);
  EXPECT_EQ(found["tensors"]["count"], 50);
  EXPECT_EQ(found["tensors"]["dtypes"]["F32"]["count"], 50);
  EXPECT_EQ(found["tensors"]["bytes"].get<int64_t>(), 4 * found["tensors"]["parameters"].get<int64_t>());
  EXPECT_EQ(found["weight_bytes_f32"], found["tensors"]["bytes"]);  // tied head, all of it f32 already
  EXPECT_EQ(found["tokenizer"],
            (nlohmann::json{{"tokens", 279}, {"bos_id", 276}, {"bos", "<|begin|>"}, {"adds_bos", true}}));
  const ProgramOutcome page = tugline("inspect $MODEL");
  EXPECT_EQ(page.status, 0) << page.err;
  EXPECT_TRUE(holds(page.out, "Qwen2ForCausalLM") && holds(page.out, "tugline can run this model"))
      << page.out;
}

TEST_F(Inspect, AModelThatCannotBeRunHasItsReason) {
  make_tokenizer_folder();
  write("words/config.json", R"({"architectures": ["GPT2LMHeadModel"], "model_type": "gpt2"})");
  const ProgramOutcome outcome = tugline("inspect --json words");
  EXPECT_EQ(outcome.status, 2);
  EXPECT_TRUE(holds(outcome.err, "cannot run this model") && holds(outcome.err, "GPT2LMHeadModel"))
      << outcome.err;
  const auto found = nlohmann::json::parse(outcome.out);
  EXPECT_EQ(found["supported"], false);
  EXPECT_EQ(found["config"], nullptr);
  EXPECT_TRUE(holds(found["problems"][0], "GPT2LMHeadModel")) << found;
  EXPECT_EQ(found["tokenizer"]["tokens"], 279);
}

// A file of the tiny model without one tensor: every command that would run it says which, and ends with
// status 2.
TEST_F(Inspect, EveryTensorIsCheckedBeforeAModelIsSaidToRun) {
  std::filesystem::copy(kTinyModel, folder_ / "damaged");
  std::string weights = file_text(kTinyModel + "/model.safetensors");
  weights.replace(weights.find("layers.3.mlp.up_proj"), 8, "layerz.3");
  write("damaged/model.safetensors", weights);
  const ProgramOutcome outcome = tugline("inspect --json damaged");
  EXPECT_EQ(outcome.status, 2) << outcome.err;
  const auto found = nlohmann::json::parse(outcome.out);
  EXPECT_EQ(found["supported"], false);
  EXPECT_TRUE(holds(found["problems"][0], "model.layers.3.mlp.up_proj.weight is missing")) << found;
  EXPECT_EQ(found["tensors"]["count"], 50);
  expect_refused("sweep damaged data.json --dry-run", "model.layers.3.mlp.up_proj.weight is missing");
  expect_refused("tug damaged --text 'Two and two make four.' --span 1:3",
                 "model.layers.3.mlp.up_proj.weight");
}

TEST_F(Inspect, SettingsThatNothingReadsAreWarnedAboutByEveryCommand) {
  std::filesystem::copy(kTinyModel, folder_ / "odd");
  std::string config = file_text(kTinyModel + "/config.json");
  write("odd/config.json", config.replace(config.find('{'), 1, "{\"mystery_scale\": 2,"));
  EXPECT_TRUE(holds(json("odd")["warnings"][0], "mystery_scale"));
  EXPECT_TRUE(holds(printed("inspect odd"), "mystery_scale"));
  for (const char* command : {"sweep odd data.json --dry-run",
                              "tug odd --text 'Two and two make four.' --span 1:3 --layers 0 --directions 1",
                              "sweep odd data.json -o run.db --layers 0 --directions 1 --max-examples 1"}) {
    const ProgramOutcome outcome = tugline(command);
    EXPECT_EQ(outcome.status, 0) << outcome.err;
    EXPECT_TRUE(holds(outcome.err, "mystery_scale")) << command << outcome.err;
  }
}

TEST_F(Inspect, CutsATextIntoTokens) {
  const auto found = json("$MODEL --text ' the é'");
  EXPECT_EQ(found["ids"], (std::vector<int>{276, 258, 220, 127, 102}));
  EXPECT_EQ(found["offsets"].dump(), "[[0,0],[0,4],[4,5],[5,6],[6,7]]");
  EXPECT_EQ(found["pieces"],
            (std::vector<std::string>{"<|begin|>", " the", " ", "\xef\xbf\xbd", "\xef\xbf\xbd"}));
  EXPECT_EQ(found.size(), 3U);
  write("text.txt", "in\n");
  EXPECT_EQ(json("$MODEL --text-file text.txt --bos never")["pieces"],
            (std::vector<std::string>{"in", "\n"}));
  EXPECT_EQ(json("$MODEL --text '' --bos never").dump(), R"({"ids":[],"offsets":[],"pieces":[]})");
  EXPECT_TRUE(holds(printed("inspect $MODEL --text-file text.txt"), "'⏎'"));
}

TEST_F(Inspect, PlacesADatasetWithNothingButATokenizer) {
  make_tokenizer_folder();
  const auto found = json("words --data data.json");
  ASSERT_EQ(found["examples"].size(), 2U);
  const auto& example = found["examples"][0];
  EXPECT_EQ(example["index"], 0);
  EXPECT_EQ(example["skipped"], nullptr);
  ASSERT_EQ(example["chunks"].size(), 2U);
  EXPECT_EQ(example["chunks"][1]["text"], "So the total is 12.");
  EXPECT_EQ(example["chunks"][1]["begin"], example["anchor"]["begin"]);
  EXPECT_EQ(example["chunks"][1]["end"], example["anchor"]["end"]);
  const auto bare = json("words --data data.json --bos never");
  EXPECT_EQ(bare["examples"][0]["anchor"]["begin"].get<int>() + 1, example["anchor"]["begin"].get<int>());
  EXPECT_TRUE(holds(printed("inspect words --data data.json"), "So the total is 12."));
}

TEST_F(Inspect, WhatHasNoPlaceHasItsReason) {
  write("lost.json",
        R"([{"raw_response": "Quite another text.", "cot": "It is not in there. Nor is this one.",
                          "thought_anchor_sentence": "It is not in there."}])");
  const ProgramOutcome outcome = tugline("inspect --json $MODEL --data lost.json");
  EXPECT_EQ(outcome.status, 3);
  EXPECT_TRUE(holds(outcome.err, "1 of 1 anchor could not be placed")) << outcome.err;
  const auto example = nlohmann::json::parse(outcome.out)["examples"][0];
  EXPECT_EQ(example["anchor"], nullptr);
  EXPECT_TRUE(holds(example["skipped"], "not in the transcript")) << example;
  EXPECT_EQ(example["chunks"][0]["begin"], nullptr);
  EXPECT_EQ(example["chunks"][0]["text"], "It is not in there.");
  EXPECT_TRUE(holds(example["chunks"][0]["skipped"], "not in the transcript"));
  const ProgramOutcome page = tugline("inspect $MODEL --data lost.json");
  EXPECT_EQ(page.status, 3);
  EXPECT_TRUE(holds(page.out, "not in the transcript"));
}

TEST_F(Inspect, ATextWithItsOwnBosIsSaid) {
  for (const char* command : {"inspect $MODEL --text '<|begin|>in it'",
                              "tug $MODEL --text '<|begin|>in it' --span 3:5 --layers 1"}) {
    const ProgramOutcome outcome = tugline(command);
    EXPECT_EQ(outcome.status, 0) << outcome.err;
    EXPECT_TRUE(holds(outcome.err, "the text begins with the BOS '<|begin|>' already and gets another"))
        << outcome.err;
    EXPECT_TRUE(holds(outcome.err, "set bos to never")) << outcome.err;
    EXPECT_FALSE(holds(tugline(std::string(command) + " --bos never").err, "gets another"));
  }
  std::string data = kData;
  data.replace(data.find("Add."), 4, "<|begin|>Add.");
  write("bos.json", data);
  for (const char* command : {"inspect $MODEL --data bos.json", "sweep $MODEL bos.json --dry-run --layers 1"})
    EXPECT_TRUE(holds(tugline(command).err, "1 of 2 texts begins with the BOS")) << command;
}

TEST_F(Inspect, AConfigurationThatContradictsTheTemplateIsSaid) {
  make_tokenizer_folder();
  write("words/tokenizer_config.json", R"({"add_bos_token": false})");
  const ProgramOutcome outcome = tugline("inspect words --text in");
  EXPECT_EQ(outcome.status, 0);
  EXPECT_TRUE(holds(outcome.err, "add_bos_token is false") && holds(outcome.err, "the template rules"))
      << outcome.err;
}

// Other names, several anchors, an id, chunks and a metric of the data's own.
TEST_F(Inspect, DataOfOnesOwn) {
  write(
      "mine.jsonl",
      R"({"text": "Q: one and one. It is two. So two it is.", "why": "It is two. So two it is.", "name": 7,)"
      R"( "chunks": ["It is two.", "So two it is."], "key": [0, 1], "worth": [1, 2], "other": [1, 2, 3]})");
  const std::string fields =
      " --field raw_response=text,cot=why --field thought_anchor_idx=key --field id=name";
  const auto example = json("$MODEL --data mine.jsonl" + fields)["examples"][0];
  EXPECT_EQ(example["id"], "7");
  ASSERT_EQ(example["anchors"].size(), 2U);
  EXPECT_EQ(example["anchors"][1]["text"], "So two it is.");
  EXPECT_EQ(example["anchors"][1]["chunk"], 1);
  EXPECT_EQ(example["anchor"]["begin"], example["chunks"][0]["begin"]);
  EXPECT_EQ(example["metrics"].dump(), R"(["worth"])");
  EXPECT_EQ(example["doubts"].dump(), "[]");
  EXPECT_TRUE(holds(tugline("inspect $MODEL --data mine.jsonl" + fields).err,
                    "other is not used as a metric in 1 example"));
  expect_refused("inspect $MODEL --data mine.jsonl --field cot=nothing --field raw_response=text",
                 "'nothing'");
  expect_refused("inspect $MODEL --data mine.jsonl --field cot", "NAME=FIELD");
  expect_refused("inspect $MODEL --data mine.jsonl",
                 "its fields are chunks, key, name, other, text, why, worth");
}

TEST_F(Inspect, BadInputIsRefused) {
  expect_refused("inspect", "MODEL");
  expect_refused("inspect nowhere", "nowhere");
  expect_refused("inspect .", "holds no");
  expect_refused("inspect data.json", "data.json");
  expect_refused("inspect $MODEL --text a --data data.json", "2 are given");
  expect_refused("inspect $MODEL --data none.json", "none.json");
  expect_refused("inspect $MODEL --bos maybe", "--bos");
  expect_refused("inspect $MODEL --text \"$(printf '\\303')\"", "not UTF-8");
  expect_refused("inspect $MODEL > /dev/full", "standard output");
}

}  // namespace
}  // namespace tugline::test
