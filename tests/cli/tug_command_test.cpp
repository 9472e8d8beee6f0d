// The built program's tug on the tiny model.
#include <nlohmann/json.hpp>

#include "commands.h"

namespace tugline::test {
namespace {

class Tug : public Commands {
 protected:
  [[nodiscard]] nlohmann::json json(const std::string& arguments) const {
    return result("tug $MODEL --json " + arguments);
  }
};

TEST_F(Tug, MeasuresEveryLayerAsked) {
  const auto found =
      json("--text 'So the total is 12.' --span 3:6 --layers 0,2 --epsilons 0,1 --directions 3");
  EXPECT_EQ(found["model"], "tiny_model");
  EXPECT_EQ(found["ids"][0], 276);  // the BOS that the template adds
  ASSERT_EQ(found["layers"].size(), 2U);
  for (const auto& layer : found["layers"]) {
    EXPECT_EQ(layer["position"], 2);
    EXPECT_EQ(layer["rows"], (std::vector<int>{2, 3, 4}));
    ASSERT_EQ(layer["responses"].size(), 6U);
    for (const auto& response : layer["responses"]) {
      const double mean = (response["kl"][0].get<double>() + response["kl"][1].get<double>() +
                           response["kl"][2].get<double>()) /
                          3;
      EXPECT_NEAR(response["mean"], mean, 1e-7 * mean) << "rows are f32";
      EXPECT_EQ(response["mean"] == 0.0, response["epsilon"] == 0.0);
    }
  }
}

TEST_F(Tug, SentenceTextFileAndIdsAreTheSameTokens) {
  const std::string rest = " --layers 1 --epsilons 1 --directions 2";
  write("text.txt", "So the total is 12.");
  auto by_sentence = json("--text 'So the total is 12.' --sentence ' is 12'" + rest);
  const std::string span =
      " --span " + by_sentence["span"]["begin"].dump() + ":" + by_sentence["span"]["end"].dump();
  auto by_file = json("--text-file text.txt" + span + rest);
  const std::string ids = by_sentence["ids"].dump();
  auto by_ids = json("--bos never --ids " + ids.substr(1, ids.size() - 2) + span + rest);
  auto by_ids_and_bos = json("--ids " + ids.substr(5, ids.size() - 6) + span +
                             rest);  // without "[276,": put back by the template
  for (auto* found : {&by_sentence, &by_file, &by_ids, &by_ids_and_bos})
    (*found)["layers"][0].erase("seconds");
  EXPECT_EQ(by_sentence, by_file);
  EXPECT_EQ(by_sentence, by_ids);
  EXPECT_EQ(by_sentence, by_ids_and_bos);
}

// Two tokens: their logits' difference by row; the tokens that moved most as text and in JSON.
// A head's directions have head_dim components; a unit's RMS is of what is pushed.
TEST_F(Tug, PushesAHeadAtEveryTokenOfTheSpan) {
  const auto json = result(
      "tug $MODEL --text 'So the total is 12. So.' --span 2:5 --layers 1 --hook z --head 3 --at every "
      "--readout following --epsilons 0,2 --audit 3 --json");
  EXPECT_EQ(json.at("hook"), "z");
  EXPECT_EQ(json.at("head"), 3);
  EXPECT_EQ(json.at("at"), "every");
  const auto& layer = json.at("layers").at(0);
  EXPECT_EQ(layer.at("position"), 2);
  EXPECT_GT(layer.at("responses").at(1).at("mean").get<double>(), 0);
  EXPECT_LT(layer.at("audit").at("disagreements").at("kl").get<double>(), 1e-4);
  const ProgramOutcome page = tugline(
      "tug $MODEL --text 'So the total is 12. So.' --span 2:5 --layers 1 --hook z --head 3 --at every");
  EXPECT_NE(page.out.find("pushed at each token of the span\nhook z of head 3, readout"), std::string::npos)
      << page.out;
}

TEST_F(Tug, AnswersAndTokensThatMoved) {
  const std::string rest =
      "--text 'So the total is 12.' --span 3:6 --layers 0 --epsilons 0,1 --directions 2 --answers 'S,o' "
      "--moved-tokens 2";
  const auto found = json(rest);
  ASSERT_EQ(found["answers"].size(), 2U);
  EXPECT_EQ(found["moved_tokens"], 2);
  for (const auto& response : found["layers"][0]["responses"]) {
    const auto& by_row = response["by_row"];
    const bool moves = response["epsilon"] != 0.0;
    EXPECT_EQ(response["answer_change"] != 0.0, moves);
    double mean = 0;
    for (const auto& change : by_row["answer_change"]) mean += change.get<double>() / 3;
    EXPECT_NEAR(response["answer_change"], mean, 1e-6);
    for (const char* list : {"rose", "fell"}) {
      ASSERT_EQ(by_row[list].size(), 3U);
      for (const auto& row : by_row[list]) {
        EXPECT_EQ(row.size(), moves ? 2U : 0U);
        for (const auto& moved : row) {
          EXPECT_EQ(moved["change"] > 0, list == std::string("rose"));
          EXPECT_TRUE(moved["piece"].is_string());
        }
      }
    }
  }
  // The other way round it is the same with the other sign.
  const auto swapped = json(
      "--text 'So the total is 12.' --span 3:6 --layers 0 --epsilons 0,1 --directions 2 "
      "--answers 'o,S'");
  EXPECT_EQ(swapped["layers"][0]["responses"][1]["answer_change"].get<double>(),
            -found["layers"][0]["responses"][1]["answer_change"].get<double>());
  EXPECT_FALSE(swapped["layers"][0]["responses"][1]["by_row"].contains("rose"));
  const ProgramOutcome page = tugline("tug $MODEL " + rest);
  EXPECT_TRUE(holds(page.out, "answers 'S' (id:")) << page.out;
  EXPECT_TRUE(holds(page.out, "tokens that rose and fell most at epsilon 1")) << page.out;
  EXPECT_TRUE(holds(page.out, "change of the answers' difference")) << page.out;
}

TEST_F(Tug, AnswersById) {
  const auto by_text = json("--text 'So the total is 12.' --span 3:6 --epsilons 1 --answers 'S,o'");
  const std::string ids = "id:" + by_text["answers"][0].dump() + ",id:" + by_text["answers"][1].dump();
  const auto by_id = json("--text 'So the total is 12.' --span 3:6 --epsilons 1 --answers " + ids);
  EXPECT_EQ(by_id["answers"], by_text["answers"]);
  EXPECT_EQ(by_id["layers"][0]["responses"][0]["answer_change"],
            by_text["layers"][0]["responses"][0]["answer_change"]);
}

TEST_F(Tug, RefusesAnswersThatAreNotTwoTokens) {
  const std::string rest = "tug $MODEL --text 'So the total is 12.' --span 3:6 --answers ";
  expect_refused(rest + "'S'", "--answers: 'S' is 1 answer, expected two");
  expect_refused(rest + "'S,o,t'", "is 3 answers, expected two");
  expect_refused(rest + "'S,'", "one of the two is empty");
  expect_refused(rest + "'S,S'", "--answers: both are the token");
  expect_refused(rest + "'S,zq%zq%'", "--answers: 'zq%zq%' is 6 tokens: 'z' (id:");
  expect_refused(rest + "'S,id:x'", "'id:x' is not id:N");
  expect_refused(rest + "'S,id:99999999'", "beyond the model's vocabulary of");
  expect_refused("tug $MODEL --text 'So the total is 12.' --span 3:6 --moved-tokens 2 --vocabulary sampled",
                 "--moved-tokens: --vocabulary sampled computes a sample");
  expect_refused("tug $MODEL --text 'So the total is 12.' --span 3:6 --moved-tokens -1", "--moved-tokens");
}

// Every measure that is audited, and the worst of each.
TEST_F(Tug, AuditsWhereAsked) {
  const std::string rest =
      "--text 'So the total is 12.' --span 3:6 --layers 0,1 --epsilons 0,1 --directions 2 ";
  EXPECT_FALSE(json(rest)["layers"][0].contains("audit"));
  const auto found = json(rest + "--audit 2 --answers 'S,o' --moved-tokens 2");
  for (const auto& layer : found["layers"]) {
    EXPECT_EQ(layer["audit"]["pushes"], 2);
    EXPECT_EQ(layer["audit"]["disagreements"].size(), 10U);
    for (const auto& [name, disagreement] : layer["audit"]["disagreements"].items())
      EXPECT_LT(disagreement, 1.1e-3) << name;
  }
  const ProgramOutcome page = tugline("tug $MODEL " + rest + "--audit 1");
  EXPECT_TRUE(holds(page.out, "audit: 1 push rerun in f64, largest disagreements kl ")) << page.out;
}

TEST_F(Tug, TheSeedDecidesTheDirections) {
  const std::string rest = "--text 'So the total is 12.' --span 3:6 --epsilons 1 --directions 1 --seed ";
  const auto kl = [&](const std::string& seed) {
    return json(rest + seed)["layers"][0]["responses"][0]["mean"].get<double>();
  };
  EXPECT_EQ(kl("1"), kl("1"));
  EXPECT_NE(kl("1"), kl("2"));
}

TEST_F(Tug, FollowingAtTheLastLayerIsExactlyZeroAndSaysWhy) {
  const auto found = json("--text 'So the total is 12.' --span 3:6 --readout following --epsilons 0,10");
  EXPECT_TRUE(holds(found["layers"][0]["note"], "exact zeros"));
  for (const auto& response : found["layers"][0]["responses"])
    EXPECT_EQ(response["kl"], (std::vector<double>{0, 0, 0}));
}

TEST_F(Tug, AModelWithoutTokenizerTakesIdsAsTheyAre) {
  const std::string copy = "mkdir bare && cp $MODEL/config.json $MODEL/model.safetensors bare && ";
  const auto run = [&](const std::string& arguments) {
    return run_program("cd '" + folder_.path().string() + "' && MODEL='" + kTinyModel +
                       "' && rm -rf bare && " + copy +
                       "'" TUGLINE_PROGRAM "' tug bare --ids 1,2,3,4 --span 2:4 --epsilons 1 " + arguments);
  };
  const ProgramOutcome never = run("--bos never");
  EXPECT_EQ(never.status, 0) << never.err;
  EXPECT_TRUE(holds(never.out, "'<3>'")) << never.out;
  const ProgramOutcome by_default = run("");
  EXPECT_EQ(by_default.status, 2);
  EXPECT_TRUE(holds(by_default.err, "tokenizer.json")) << by_default.err;
}

TEST_F(Tug, NoEscapeCodesWithoutATerminal) {
  const ProgramOutcome page = tugline("tug $MODEL --text 'So the total is 12.' --span 3:6 --epsilons 1");
  EXPECT_EQ(page.status, 0) << page.err;
  EXPECT_FALSE(holds(page.out, "\x1b"));
  EXPECT_TRUE(holds(page.out, "' the'")) << page.out;
}

TEST_F(Tug, BadInputIsRefused) {
  write("three.npy", "not an array");
  const std::string text = "tug $MODEL --text 'So the total is 12. So.' ";
  expect_refused("tug $MODEL --span 1:2", "--text, --text-file, --ids, --data");
  expect_refused(text + "--ids 1,2 --span 1:2", "2 are given");
  expect_refused(text, "--span, --sentence");
  expect_refused(text + "--span 1:2 --sentence So", "--span, --sentence");
  expect_refused(text + "--span 0:2", "first token");
  expect_refused(text + "--span 3:400", "[3, 400) ends beyond");
  expect_refused(text + "--span 3:3", "--span");
  expect_refused(text + "--span x", "--span");
  expect_refused(text + "--sentence So", "2 times");
  expect_refused(text + "--sentence nowhere", "'nowhere' is not in the text");
  expect_refused(text + "--sentence ''", "sentence: is empty");
  expect_refused(text + "--span 1:3 --layers 4", "no layer 4");
  expect_refused(text + "--span 1:3 --epsilons one", "'one' is not a number");
  expect_refused(text + "--span 1:3 --directions 0", "--directions");
  expect_refused(text + "--span 1:3 --directions many", "--directions");
  expect_refused(text + "--span 1:3 --seed -1", "--seed");
  expect_refused(text + "--span 1:3 --precision fp16", "--precision");
  expect_refused(text + "--span 1:3 --readout both", "--readout");
  expect_refused(text + "--span 1:3 --hook attn", "--hook");
  expect_refused(text + "--span 1:3 --at end", "--at");
  expect_refused(text + "--span 1:3 --hook z", "say which, 0 to 3");
  expect_refused(text + "--span 1:3 --hook z --head 4", "no head 4: its layers have 4 query heads, 0 to 3");
  expect_refused(text + "--span 1:3 --hook z --head -1", "--head");
  expect_refused(text + "--span 1:3 --hook mlp_out --head 1", "at 'mlp_out', leave out head 1");
  expect_refused(text + "--span 1:3 --at last", "read 'following' or 'downstream'");
  expect_refused(text + "--span 2:3 --at every",
                 "lands on token 2; the last row of the readout 'predicting' is 1");
  expect_refused(text + "--span 1:3 --direction-file three.npy", "three.npy");
  expect_refused(text + "--span 1:3 --direction-file none.npy", "none.npy");
  expect_refused(text + "--span 1:3 --direction-file none.npy --directions 2", "--direction-file");
  expect_refused("tug $MODEL --text '' --bos never --span 1:3", "no tokens");
  expect_refused("tug $MODEL --text \"$(printf 'a\\377b')\" --span 1:3", "not UTF-8");
  expect_refused("tug $MODEL --text-file nowhere.txt --span 1:3", "nowhere.txt");
  expect_refused("tug $MODEL --text-file . --span 1:3", "--text-file");
  expect_refused("tug $MODEL --ids 1,2,279 --bos never --span 1:3", "279");
  expect_refused("tug $MODEL --ids 1,-2,3 --bos never --span 1:3", "-2");
  expect_refused("tug $MODEL --ids 1,2 --bos never --sentence a", "--sentence");
  expect_refused("tug $MODEL --ids , --span 1:2", "--ids");
  expect_refused("tug nowhere --ids 1,2 --span 1:2", "nowhere");
  expect_refused("tug " + std::string(5000, 'm') + " --ids 1,2 --span 1:2", "mmm");
  expect_refused("tug $MODEL --ids 1,2,3 --span 1:2 --nonsense", "--nonsense");
  expect_refused("tug $MODEL --ids 1,2,3 --span 2:3 --epsilons 1 > /dev/full", "standard output");
}

TEST_F(Tug, ATextBeyondTheModelsPositionsIsRefused) {
  write("long.txt", std::string(600, 'q'));
  expect_refused("tug $MODEL --text-file long.txt --span 1:3", "601 tokens");
}

TEST_F(Tug, HelpShowsExamples) {
  const ProgramOutcome help = tugline("tug --help");
  EXPECT_EQ(help.status, 0);
  EXPECT_TRUE(holds(help.out, "  tugline tug model.gguf")) << help.out;
}

}  // namespace
}  // namespace tugline::test
