// A model through the public headers: its logits are the reference implementation's, its tug is the
// program's, to the bit; it leaves the process's threads alone and can be stopped.
#include "tugline/language_model.h"

#include <gtest/gtest.h>
#include <omp.h>

#include <algorithm>
#include <cmath>

#include "support/expect_error.h"
#include "support/run_program.h"
#include "support/tiny_models.h"

namespace tugline::test {
namespace {

const std::vector<int32_t> kIds{5, 77, 20, 12, 45, 10, 33, 21, 88, 9};

LanguageModel tiny() { return LanguageModel::load(tiny_path("llama").string()); }

// f32 through a few layers is off by some 1e-6 of the largest logit, which is about 1.
TEST(LanguageModel, LogitsAreThoseOfTheReferenceImplementation) {
  for (const char* name : {"llama", "qwen2", "qwen3"}) {
    const Expected expected = expected_logits(name);
    const LanguageModel model = LanguageModel::load(tiny_path(name).string());
    const std::vector<float> logits = model.logits(expected.ids);
    const auto width = static_cast<size_t>(model.info().vocabulary);
    ASSERT_EQ(logits.size(), expected.ids.size() * width) << name;
    for (size_t i = 0; i < logits.size(); ++i)
      ASSERT_NEAR(static_cast<double>(logits[i]), expected.logits[i / width][i % width], 1e-4) << name << i;
  }
}

TEST(LanguageModel, ALayersOutputIsTheNextOnesInput) {
  const LanguageModel model = tiny();
  const auto post = model.residuals(kIds, {0});
  ASSERT_EQ(post.at(0).size(), kIds.size() * static_cast<size_t>(model.info().d_model));
  EXPECT_EQ(post.at(0), model.residuals(kIds, {1}, "resid_pre").at(1));
  EXPECT_NE(post.at(0), model.residuals(kIds, {-1}).begin()->second);
}

TEST(LanguageModel, ABlocksOutputIsWhatItAddsToTheResidual) {
  const LanguageModel model = tiny();
  const auto at = [&](const char* hook) { return model.residuals(kIds, {1}, hook).at(1); };
  const auto pre = at("resid_pre");
  const auto attended = at("attn_out");
  const auto mid = at("resid_mid");
  const auto activated = at("mlp_out");
  const auto post = at("resid_post");
  for (size_t i = 0; i < pre.size(); ++i) {
    ASSERT_NEAR(pre[i] + attended[i], mid[i], 1e-5);
    ASSERT_NEAR(mid[i] + activated[i], post[i], 1e-5);
  }
  const auto head = model.residuals(kIds, {1}, "z", 1).at(1);
  EXPECT_EQ(head.size(), kIds.size() * static_cast<size_t>(model.info().head_dim));
  EXPECT_NE(head, model.residuals(kIds, {1}, "z", 0).at(1));
}

// Every number of `tug --json`, and the same doubles.
TEST(Trace, TugIsThePrograms) {
  const ProgramOutcome outcome =
      run_program("'" TUGLINE_PROGRAM "' tug '" + tiny_path("llama").string() +
                  "' --ids 5,77,20,12,45,10,33,21,88,9 --bos never --span 6:10 --layers all "
                  "--epsilons 0,0.5,2 --directions 3 --seed 7 --json");
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  const auto json = nlohmann::json::parse(outcome.out);
  std::vector<int64_t> layers;
  for (const auto& layer : json.at("layers")) layers.push_back(layer.at("layer").get<int64_t>());
  const Responses found = tiny().transcript_of_ids(kIds).trace(6, 10).tug(
      {.layers = layers, .epsilons = {0, 0.5, 2}, .directions = 3, .seed = 7});
  size_t push = 0;
  for (size_t i = 0; i < layers.size(); ++i) {
    EXPECT_EQ(found.layers()[i].rms, json["layers"][i]["rms"].get<double>());
    for (const auto& response : json["layers"][i]["responses"]) {
      EXPECT_EQ(found.means("kl")[push], response["mean"].get<double>());
      EXPECT_EQ(found.means("js")[push], response["js"].get<double>());
      for (size_t row = 0; row < response["kl"].size(); ++row) {
        EXPECT_EQ(found.values("kl")[push * 4 + row], response["kl"][row].get<double>());
        EXPECT_EQ(found.values("js")[push * 4 + row], response["by_row"]["js"][row].get<double>());
      }
      ++push;
    }
  }
  EXPECT_EQ(push, found.means("kl").size());
}

TEST(Trace, FamiliesAuditsAndVectorsWorkInOneText) {
  const Trace trace = tiny().transcript_of_ids(kIds).trace(6, 10);
  const Responses covariance = trace.tug(
      {.layers = {0}, .epsilons = {1}, .directions = 2, .direction_family = "covariance", .audit = 2});
  EXPECT_EQ(covariance.layers().front().audited, 2);
  EXPECT_LT(covariance.layers().front().audit_disagreement.value(), 1e-3);
  const auto width = static_cast<size_t>(trace.transcript().model().info().d_model);
  VectorArray vectors{.values = std::vector<double>(2 * width, 0.0), .rows = 2};
  vectors.values[0] = 3;
  vectors.values[width + 1] = 0.5;
  const Responses given =
      trace.tug({.layers = {0}, .epsilons = {1}, .vectors = vectors, .null_directions = 3});
  EXPECT_EQ(given.directions(), 5);
  EXPECT_EQ(given.null_directions(), 3);
  EXPECT_EQ(given.means("kl").size(), 5U);
}

TEST(Trace, RefusalsNameTheSetting) {
  const Transcript transcript = tiny().transcript_of_ids({5, 77, 20, 12});
  const Trace trace = transcript.trace(2, 4);
  expect_error(ErrorCode::kUsage, {"no layer 99"}, [&] { (void)trace.tug({.layers = {99}}); });
  expect_error(ErrorCode::kUsage, {"hook: 'resid'"}, [&] { (void)trace.tug({.hook = "resid"}); });
  expect_error(ErrorCode::kUsage, {"head: the hook 'z'"}, [&] { (void)trace.tug({.hook = "z"}); });
  expect_error(ErrorCode::kUsage, {"no head 99"}, [&] { (void)trace.tug({.hook = "z", .head = 99}); });
  expect_error(ErrorCode::kUsage, {"head: only the hook 'z'"}, [&] { (void)trace.tug({.head = 0}); });
  expect_error(ErrorCode::kUsage, {"at: 'end' is not one of before, first, last, every"},
               [&] { (void)trace.tug({.at = "end"}); });
  expect_error(ErrorCode::kUsage, {"at: a push at 'last'"}, [&] { (void)trace.tug({.at = "last"}); });
  expect_error(ErrorCode::kUsage, {"epsilons: 1 is given twice"}, [&] {
    (void)trace.tug({.epsilons = {1, 1}});
  });
  expect_error(ErrorCode::kUsage, {"not finite"}, [&] { (void)trace.tug({.epsilons = {NAN}}); });
  expect_error(ErrorCode::kUsage, {"directions: 0 is"}, [&] { (void)trace.tug({.directions = 0}); });
  expect_error(ErrorCode::kInput, {"directions"}, [&] {
    (void)trace.tug({.vectors = {.values = {1, 2}, .rows = 1}});
  });
  expect_error(ErrorCode::kUsage, {"temperature: -1 is"}, [&] { (void)trace.tug({.temperature = -1}); });
  expect_error(ErrorCode::kUsage, {"readout: 'both'"}, [&] { (void)trace.tug({.readout = "both"}); });
  expect_error(ErrorCode::kUsage, {"measure: there is no 'kll'"},
               [&] { (void)trace.tug({.epsilons = {1}}).values("kll"); });
  expect_error(ErrorCode::kUsage, {"token 0"}, [&] { (void)transcript.trace(0, 2); });
  expect_error(ErrorCode::kUsage, {"[2, 9)"}, [&] { (void)transcript.trace(2, 9); });
  expect_error(ErrorCode::kUsage, {"given as ids"}, [&] { (void)transcript.trace("a"); });
  // kNotFound if HF_HUB_OFFLINE is set, as ctest does; else the kind is of the network's answer.
  const std::string nowhere = error_of([] { (void)LanguageModel::load("nowhere/at-all"); }).what();
  EXPECT_NE(nowhere.find("nowhere/at-all"), std::string::npos) << nowhere;
  expect_error(ErrorCode::kUsage, {"f16"},
               [] { (void)LanguageModel::load(tiny_path("llama").string(), {.precision = "f16"}); });
}

TEST(LanguageModel, TokensAreTheTextsBytes) {
  const LanguageModel model = LanguageModel::load(TUGLINE_FIXTURES "/tiny_model");
  const std::string text = "So the total is 12. Yes, caf\u00e9.";
  const Tokens tokens = model.tokenize(text, "never");
  ASSERT_EQ(tokens.pieces.size(), tokens.ids.size());
  std::string joined;
  for (size_t i = 0; i < tokens.ids.size(); ++i) {
    EXPECT_EQ(tokens.begins[i], static_cast<int64_t>(joined.size()));
    EXPECT_EQ(tokens.pieces[i], model.piece(tokens.ids[i]));
    joined += tokens.pieces[i];
    EXPECT_EQ(tokens.ends[i], static_cast<int64_t>(joined.size()));
  }
  EXPECT_EQ(joined, text);
  EXPECT_EQ(model.decode(tokens.ids), text);
  EXPECT_EQ(model.tokenize(text, "always").ids.size(), tokens.ids.size() + 1);
}

TEST(LanguageModel, ARevisionIsOfAModelOnTheHub) {
  const auto load = [](const std::string& model, const std::string& revision) {
    (void)LanguageModel::load(model, {.hub = {.revision = revision}});
  };
  expect_error(ErrorCode::kUsage, {"revision: '"}, [&] { load(TUGLINE_FIXTURES "/tiny_model", "main"); });
  expect_error(ErrorCode::kUsage, {"is no model's name on the hub"},
               [&] { load(TUGLINE_FIXTURES "/tiny_model", "main"); });
  expect_error(ErrorCode::kUsage, {"names one itself"}, [&] { load("org/tiny@v1", "v2"); });
  expect_error(ErrorCode::kUsage, {"is no branch, tag or commit"}, [&] { load("org/tiny", "../v2"); });
}

TEST(Transcript, SentencesAreRankedByTheirResponse) {
  const Transcript transcript =
      LanguageModel::load(TUGLINE_FIXTURES "/tiny_model")
          .transcript("Add these. The sum is on the sheet. So the total is 12. Yes");
  std::vector<std::string> heard;
  const auto found = transcript.tug_sentences(
      {.layers = {1}, .epsilons = {0.5, 1}, .directions = 2},
      {.warn = [&heard](const std::string& sentence) { heard.push_back(sentence); }});
  ASSERT_GE(found.size(), 3U);
  for (size_t i = 0; i < found.size(); ++i) {
    EXPECT_LE(found[i].response, found[i > 0 ? i - 1 : 0].response);
    const Responses alone = transcript.trace(found[i].begin, found[i].end)
                                .tug({.layers = {1}, .epsilons = {0.5, 1}, .directions = 2});
    EXPECT_TRUE(std::ranges::equal(found[i].responses.means("kl"), alone.means("kl"))) << i;
    EXPECT_NE(transcript.text().find(found[i].text), std::string::npos);
  }
  const Transcript ids = tiny().transcript_of_ids(kIds);
  EXPECT_EQ(ids.text(), "");
  expect_error(ErrorCode::kUsage, {"ids"}, [&] { (void)ids.tug_sentences(); });
}

TEST(Transcript, TheAnchorIsTheDatasets) {
  const LanguageModel model = LanguageModel::load(TUGLINE_FIXTURES "/tiny_model");
  const DataSource data{.path = "made", .text = R"([{"prompt": "p", "model_input_prompt": "Add. <think>",
    "cot": "The sum is on the sheet. So the total is 12. And so on.", "thought_anchor_idx": 1,
    "thought_anchor_sentence": "So the total is 12."}])"};
  const Transcript transcript = model.transcript_of_example(data, 0);
  const Trace anchor = transcript.anchor();
  const Tokens& tokens = transcript.tokens();
  const auto begin = static_cast<size_t>(tokens.begins[static_cast<size_t>(anchor.begin())]);
  const auto end = static_cast<size_t>(tokens.ends[static_cast<size_t>(anchor.end()) - 1]);
  EXPECT_NE(transcript.text().substr(begin, end - begin).find("So the total is 12."), std::string::npos);
  expect_error(ErrorCode::kUsage, {"example"}, [&] { (void)model.transcript_of_example(data, 1); });
  expect_error(ErrorCode::kUsage, {"dataset"}, [&] { (void)model.transcript("So it is.").anchor(); });
}

// A library that takes another one's threads away makes the whole program slow without a word.
TEST(LanguageModel, LeavesTheProcessThreadsAsTheyWere) {
  omp_set_num_threads(2);
  const LanguageModel model = LanguageModel::load(tiny_path("llama").string(), {.threads = 1});
  (void)model.logits(kIds);
  (void)model.transcript_of_ids(kIds).trace(2, 4).tug({.epsilons = {1}});
  EXPECT_EQ(omp_get_max_threads(), 2);
}

TEST(Trace, StopsWhenItIsTold) {
  const Trace trace = tiny().transcript_of_ids(kIds).trace(2, 6);
  int64_t asked = 0;
  try {
    (void)trace.tug({.epsilons = {1}}, {.keep_going = [&asked] { return ++asked < 5; }});
    ADD_FAILURE() << "not stopped";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kInterrupted);
  }
  EXPECT_GT(trace.tug({.epsilons = {1}}).means("kl")[0], 0);  // the model can be used again
}

TEST(Trace, TellsItsProgress) {
  CallProgress last;
  (void)tiny().transcript_of_ids(kIds).trace(2, 4).tug(
      {.layers = {0, 1}, .epsilons = {0, 1}, .directions = 3},
      {.progress = [&last](const CallProgress& progress) { last = progress; }});
  EXPECT_EQ(last.pushes, 6);
  EXPECT_EQ(last.all_pushes, 6);
  EXPECT_NEAR(last.work, 1, 1e-9);
  EXPECT_EQ(last.unit, "layer 1");
}

}  // namespace
}  // namespace tugline::test
