// The built program's tug on a dataset's example, on every sentence of a text, and along every family and
// kind of push.
#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <sstream>

#include "commands.h"

namespace tugline::test {
namespace {

using Json = nlohmann::json;

class TugSentences : public Commands {
 protected:
  [[nodiscard]] Json json(const std::string& arguments) const {
    return result("tug $MODEL --json " + arguments);
  }
  // The stored pushes of a sweep with these arguments, of one kind of span of an example.
  [[nodiscard]] std::vector<Json> swept(const std::string& arguments, const std::string& kind,
                                        int64_t example) const {
    const ProgramOutcome sweep = tugline("sweep $MODEL data.json -o run.db --audit 0 " + arguments);
    EXPECT_EQ(sweep.status, 0) << sweep.err;
    std::vector<Json> pushes;
    for (const Json& push : result("export run.db --table responses --format json"))
      if (push.at("span_kind") == kind && push.at("example") == example) pushes.push_back(push);
    std::filesystem::remove(folder_ / "run.db");
    return pushes;
  }
  static void expect_same(const Json& layers, const std::vector<Json>& pushes) {
    size_t push = 0;
    for (const Json& layer : layers)
      for (const Json& response : layer.at("responses")) {
        ASSERT_LT(push, pushes.size());
        EXPECT_EQ(response.at("direction"), pushes[push].at("direction"));
        EXPECT_EQ(response.at("epsilon").get<double>(), pushes[push].at("epsilon").get<double>());
        EXPECT_EQ(response.at("mean").get<double>(), pushes[push].at("kl").get<double>()) << push;
        ++push;
      }
    EXPECT_EQ(push, pushes.size());
  }
};

TEST_F(TugSentences, AnExamplesAnchorIsPushedAsASweepPushesIt) {
  const std::string pushes = "--layers 1,2 --epsilons 0,1 --directions 2 --seed 7 --readout following";
  for (const char* kind : {"", " --push rotation --orthogonal-to residual", " --hook resid_mid --at every"}) {
    const Json found = json("--data data.json --example 1 " + pushes + kind);
    EXPECT_EQ(found.at("data"), "data.json");
    EXPECT_EQ(found.at("example"), 1);
    expect_same(found.at("layers"), swept(pushes + kind, "anchor", 1));
  }
}

TEST_F(TugSentences, EverySentenceOfAnExampleIsAChunkOfASweep) {
  const std::string pushes = "--layers 0,3 --epsilons 0,2 --directions 2";
  const Json found = json("--data data.json --example 0 --every-sentence " + pushes);
  Json layers = Json::array();
  std::vector<Json> chunks = swept(pushes + " --spans chunks", "chunk", 0);
  for (const Json& sentence : found.at("sentences"))
    for (const Json& layer : sentence.at("layers")) layers.push_back(layer);
  ASSERT_EQ(found.at("sentences").size(), 2U);
  expect_same(layers, chunks);
}

TEST_F(TugSentences, EverySentenceOfATextIsRanked) {
  write("text.txt", "Ann has 3 apples. Tom has 2 of them? Together they have five of these.");
  const std::string pushes = " --layers 1,3 --epsilons 0,-2,2 --directions 3";
  const Json found = json("--text-file text.txt --every-sentence" + pushes);
  const Json& sentences = found.at("sentences");
  ASSERT_EQ(sentences.size(), 3U);  // the last one too, after which there is no white space
  EXPECT_EQ(sentences[2].at("text"), "Together they have five of these.");
  std::vector<std::pair<double, int>> ranks;
  for (const Json& sentence : sentences) {
    double sum = 0;
    for (const Json& layer : sentence.at("layers"))
      for (const Json& response : layer.at("responses"))
        if (response.at("epsilon") == 2) sum += response.at("mean").get<double>() / 6;
    EXPECT_NEAR(sentence.at("response").get<double>(), sum, 1e-12 * sum);
    ranks.emplace_back(-sum, sentence.at("rank").get<int>());
    // One by one they are the same, to the bit: directions belong to the text and the span.
    const Json& span = sentence.at("span");
    const Json one =
        json("--text-file text.txt --span " + span.at("begin").dump() + ":" + span.at("end").dump() + pushes);
    for (size_t layer = 0; layer < 2; ++layer)
      EXPECT_EQ(one.at("layers")[layer].at("responses"), sentence.at("layers")[layer].at("responses"));
  }
  std::sort(ranks.begin(), ranks.end());
  for (int i = 0; i < 3; ++i) EXPECT_EQ(ranks[static_cast<size_t>(i)].second, i + 1);
  // The page has them in this order.
  const ProgramOutcome page =
      tugline("tug $MODEL --text-file text.txt --every-sentence --moved-tokens 2" + pushes);
  ASSERT_EQ(page.status, 0) << page.err;
  std::vector<size_t> places;
  for (const Json& sentence : sentences)
    places.push_back(page.out.find(sentence.at("text").get<std::string>()));
  for (size_t i = 0; i < 3; ++i)
    for (size_t j = 0; j < 3; ++j)
      EXPECT_EQ(sentences[i].at("rank") < sentences[j].at("rank"), places[i] < places[j]) << page.out;
  EXPECT_TRUE(holds(page.out, "ranked by the mean over layers")) << page.out;
  EXPECT_TRUE(holds(page.out, "direction ")) << page.out;
}

TEST_F(TugSentences, SentencesWithoutAPlaceAreLeftOutWithTheirReason) {
  const ProgramOutcome outcome = tugline(
      "tug $MODEL --text 'This begins the text. And this is second.' --bos never --every-sentence --epsilons "
      "1 "
      "--directions 1 --json");
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_TRUE(holds(outcome.err, "sentence 0 is left out: ")) << outcome.err;
  EXPECT_EQ(Json::parse(outcome.out).at("sentences").size(), 1U);
  const ProgramOutcome none =
      tugline("tug $MODEL --text 'This begins the text.' --bos never --every-sentence --epsilons 1");
  EXPECT_EQ(none.status, 3) << none.err;
  EXPECT_TRUE(holds(none.err, "no sentence to push before: sentence 0 is left out")) << none.err;
}

TEST_F(TugSentences, DataMayComeFromStandardInput) {
  const std::string rest = " --example 1 --epsilons 1 --directions 1";
  Json file = json("--data data.json" + rest);
  Json input = json("--data -" + rest + " < data.json");
  EXPECT_EQ(input.at("data"), "standard input");
  EXPECT_EQ(file.at("layers")[0].at("responses"), input.at("layers")[0].at("responses"));
}

// A sweep of one example has the residuals of the same transcript.
TEST_F(TugSentences, FamiliesOfResidualsAreMadeOfTheText) {
  for (const char* family :
       {"mean-centred", "covariance-diagonal", "covariance", "difference", "principal"}) {
    const std::string pushes =
        std::string("--layers 1 --epsilons 1 --directions 2 --direction-family ") + family;
    const Json found = json("--data data.json " + pushes);
    EXPECT_EQ(found.at("direction_family"), family);
    expect_same(found.at("layers"), swept(pushes + " --max-examples 1", "anchor", 0));
  }
  const Json between = json("--data data.json --push interpolation --epsilons 0.5 --directions 2");
  EXPECT_EQ(between.at("push"), "interpolation");
  EXPECT_TRUE(between.at("direction_family").is_null());
}

TEST_F(TugSentences, VectorsHaveTheirNullBesideThem) {
  ASSERT_EQ(tugline("vectors $MODEL data.json -o v.safetensors --kinds example --layers 1").status, 0);
  const std::string rest =
      "--data data.json --layers 1 --epsilons 1 --direction-file v.safetensors:example.layer1 "
      "--null-directions 3";
  const Json found = json(rest);
  EXPECT_EQ(found.at("null_directions"), 3);
  EXPECT_EQ(found.at("layers")[0].at("responses").size(), 5U);
  const ProgramOutcome page = tugline("tug $MODEL " + rest);
  EXPECT_TRUE(holds(page.out, "KL of the random ones")) << page.out;
  EXPECT_TRUE(holds(page.out, "2 directions of v.safetensors:example.layer1 beside 3 random ones"))
      << page.out;
  // The vectors' mean does not have the random ones in it.
  double sum = 0;
  for (int i = 0; i < 2; ++i)
    sum += found.at("layers")[0].at("responses")[static_cast<size_t>(i)].at("mean").get<double>();
  std::ostringstream mean;
  mean.precision(3);
  mean << std::scientific << sum / 2;
  EXPECT_TRUE(holds(page.out, mean.str())) << mean.str() << page.out;
}

TEST_F(TugSentences, BadInputIsRefused) {
  const std::string data = "tug $MODEL --data data.json ";
  expect_refused(data + "--text x", "2 are given");
  expect_refused(data + "--example 2", "--example: the dataset has no example 2; it has 2 examples, 0 to 1");
  expect_refused(data + "--example -1", "--example");
  expect_refused(data + "--span 3:5 --every-sentence", "at most one of --span, --sentence, --every-sentence");
  expect_refused(data + "--sentence nowhere", "'nowhere' is not in the text");
  expect_refused(data + "--direction-family isotropc", "isotropc");
  expect_refused(data + "--push sideways", "sideways");
  expect_refused(data + "--push interpolation --epsilons 2", "epsilon");
  expect_refused(data + "--null-directions 2", "null");
  expect_refused("tug $MODEL --text 'So it is.' --span 1:2 --example 1", "--example requires --data");
  expect_refused("tug $MODEL --text 'So it is.' --span 1:2 --field cot=x", "--field requires --data");
  expect_refused("tug $MODEL --ids 1,2,3 --bos never --every-sentence", "this transcript was given as ids");
  write("none.json",
        R"([{"prompt": "p", "model_input_prompt": "Add. <think>", "cot": "It is a sum. It is so."}])");
  expect_refused("tug $MODEL --data none.json", "example 0 has no anchor to push before: ");
  expect_refused("tug $MODEL --data nowhere.json", "nowhere.json");
}

}  // namespace
}  // namespace tugline::test
