// inspect --data and --text with the real tokenizer against the golden spans and tokens.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "support/cache.h"
#include "support/run_program.h"
#include "support/shared.h"

namespace tugline::test {
namespace {

TEST(InspectGolden, SpansOfTheRealExamples) {
  const auto tokenizer = cached_file("qwen-tokenizer");
  if (!shared_dir()) GTEST_SKIP() << "the goldens are not beside the checkout (TUGLINE_SHARED_DIR)";
  if (!tokenizer) GTEST_SKIP() << "no qwen-tokenizer in the cache folder (TUGLINE_CACHE_DIR)";
  const auto golden = nlohmann::json::parse(file_text(*shared_dir() / "golden" / "spans_qwen.json"));
  const std::string data = (*shared_dir() / "data" / "annotated_deepseek-r1-distill-qwen-1.5b.json").string();
  const ProgramOutcome outcome = run_program("'" TUGLINE_PROGRAM "' inspect '" + tokenizer->string() +
                                             "' --data '" + data + "' --bos never --json");
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  const auto examples = nlohmann::json::parse(outcome.out)["examples"];
  ASSERT_EQ(examples.size(), golden.size());
  const auto pair = [](const nlohmann::json& span) { return nlohmann::json{span["begin"], span["end"]}; };
  size_t chunks = 0;
  for (size_t i = 0; i < golden.size(); ++i) {
    EXPECT_EQ(examples[i]["index"], golden[i]["example_index"]);
    EXPECT_EQ(examples[i]["tokens"], golden[i]["tokens"]);
    EXPECT_EQ(pair(examples[i]["anchor"]), golden[i]["anchor_span"]) << "example " << i;
    auto spans = nlohmann::json::array();
    for (const auto& chunk : examples[i]["chunks"]) spans.push_back(pair(chunk));
    EXPECT_EQ(spans, golden[i]["chunk_spans"]) << "example " << i;
    chunks += spans.size();
  }
  EXPECT_EQ(chunks, 209U);
}

TEST(InspectGolden, IdsOfTheTinyModelsTexts) {
  if (!shared_dir()) GTEST_SKIP() << "the goldens are not beside the checkout (TUGLINE_SHARED_DIR)";
  const auto golden = nlohmann::json::parse(file_text(*shared_dir() / "golden" / "tokens_llama.json"));
  const TemporaryFolder folder;
  const std::string model = (*shared_dir() / "golden" / "models" / "llama").string();
  size_t compared = 0;
  for (const auto& one : golden) {
    if (++compared > 20) break;  // each is a run of the program; all texts are compared in tests/text
    std::ofstream(folder / "text", std::ios::binary) << one["text"].get<std::string>();
    const ProgramOutcome outcome = run_program("'" TUGLINE_PROGRAM "' inspect '" + model + "' --text-file '" +
                                               (folder / "text").string() + "' --json");
    ASSERT_EQ(outcome.status, 0) << outcome.err;
    EXPECT_EQ(nlohmann::json::parse(outcome.out)["ids"], one["ids_with_special_tokens"]) << one["text"];
  }
  EXPECT_GT(compared, 0U);
}

}  // namespace
}  // namespace tugline::test
