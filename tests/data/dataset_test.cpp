#include "tugline/data/dataset.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#include "support/temporary_folder.h"
#include "tugline/core/error.h"

namespace tugline {
namespace {

using nlohmann::json;

json full_example() {
  return {{"prompt", "What is 2 + 2?"},
          {"model_input_prompt", "Q: What is 2 + 2?<think>\n"},
          {"raw_response", "Q: What is 2 + 2?<think>\nTwo and two are four. So 4.</think> 4"},
          {"cot", "Two and two are four. So 4."},
          {"answer", "4"},
          {"thought_anchor_idx", 0},
          {"thought_anchor_sentence", "Two and two are four."},
          {"counterfactual_accuracies", {0.5, nullptr, 1}},
          {"an_unknown_field", {{"kept", false}}}};
}

std::vector<Example> parse(const json& document) {
  return parse_dataset(document.dump(), DatasetFormat::kJson, "traces.json");
}

Example parse_one(const json& example) { return parse(json::array({example})).at(0); }

// The message of the Error of kind `code` that `text` gives.
std::string refusal(std::string_view text, ErrorCode code = ErrorCode::kInput,
                    DatasetFormat format = DatasetFormat::kJson) {
  try {
    static_cast<void>(parse_dataset(text, format, "traces.json"));
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), code) << error.what();
    return error.what();
  }
  ADD_FAILURE() << "accepted: " << text;
  return "";
}

std::string refusal_with(const char* field, const json& value) {
  json broken = full_example();
  broken[field] = value;
  return refusal(json::array({full_example(), broken}).dump());
}

TEST(Dataset, ReadsEveryField) {
  const Example example = parse_one(full_example());
  EXPECT_EQ(example.index, 0);
  EXPECT_EQ(example.prompt, "What is 2 + 2?");
  EXPECT_EQ(example.transcript, "Q: What is 2 + 2?<think>\nTwo and two are four. So 4.</think> 4");
  EXPECT_EQ(example.cot, "Two and two are four. So 4.");
  EXPECT_EQ(example.answer, "4");
  EXPECT_EQ(example.anchor_index, 0);
  EXPECT_EQ(example.anchor_sentence, "Two and two are four.");
  const std::vector<std::optional<double>> accuracies{0.5, std::nullopt, 1.0};
  EXPECT_EQ(example.chunk_metrics.at("counterfactual_accuracies"), accuracies);
  EXPECT_EQ(example.chunk_metrics.size(), 1);
}

TEST(Dataset, MissingAndNullFieldsAreTheSame) {
  json sparse{{"raw_response", "Some text."}};
  json nulls = full_example();
  for (auto& [name, value] : nulls.items()) value = nullptr;
  nulls["raw_response"] = "Some text.";
  for (const Example& example : parse(json::array({sparse, nulls}))) {
    EXPECT_EQ(example.transcript, "Some text.");
    EXPECT_EQ(example.prompt, "");
    EXPECT_EQ(example.cot, "");
    EXPECT_FALSE(example.answer);
    EXPECT_FALSE(example.anchor_index);
    EXPECT_FALSE(example.anchor_sentence);
    EXPECT_TRUE(example.chunk_metrics.empty());
  }
}

TEST(Dataset, TranscriptIsPromptAndReasoningWithoutRawResponse) {
  json example = full_example();
  example["raw_response"] = nullptr;
  EXPECT_EQ(parse_one(example).transcript, "Q: What is 2 + 2?<think>\nTwo and two are four. So 4.");
  example["raw_response"] = "";
  EXPECT_EQ(parse_one(example).transcript, "Q: What is 2 + 2?<think>\nTwo and two are four. So 4.");
}

TEST(Dataset, WithoutAnyTranscriptIsRefused) {
  for (const char* missing : {"model_input_prompt", "cot"}) {
    json example = full_example();
    example.erase("raw_response");
    example.erase(missing);
    const std::string message = refusal(json::array({example}).dump());
    EXPECT_EQ(message.find("traces.json: example 0: no text to run"), 0) << message;
  }
}

TEST(Dataset, WrongTypesNameFileExampleFieldExpectedAndFound) {
  EXPECT_EQ(refusal_with("cot", 3),
            "traces.json: example 1: field cot: expected a string, found the number 3.");
  EXPECT_EQ(refusal_with("raw_response", json::array()),
            "traces.json: example 1: field raw_response: expected a string, found a list.");
  EXPECT_EQ(refusal_with("thought_anchor_sentence", true),
            "traces.json: example 1: field thought_anchor_sentence: expected a string, found true.");
  for (const json& wrong : {json("2"), json(2.5), json(-1), json(18'446'744'073'709'551'615U)}) {
    const std::string message = refusal_with("thought_anchor_idx", wrong);
    EXPECT_NE(message.find("field thought_anchor_idx: expected a chunk's number (an integer from 0), found "),
              std::string::npos);
  }
  EXPECT_EQ(refusal_with("overdeterminedness", 0.5),
            "traces.json: example 1: field overdeterminedness: expected a list of numbers, one a chunk, "
            "found the number 0.5.");
  EXPECT_EQ(
      refusal_with("overdeterminedness", {0.5, "high"}),
      "traces.json: example 1: field overdeterminedness[1]: expected a number or null, found a string.");
}

TEST(Dataset, WhatIsNoListOfObjectsIsRefused) {
  EXPECT_NE(refusal("[]").find("expected at least one example"), std::string::npos);
  EXPECT_NE(refusal("{}").find("expected a list of examples, found an object"), std::string::npos);
  EXPECT_NE(refusal("[1]").find("example 0: expected an object with fields, found the number 1"),
            std::string::npos);
  EXPECT_NE(refusal("not json").find("not JSON"), std::string::npos);
  EXPECT_NE(refusal("[{\"raw_response\": NaN}]").find("write null"), std::string::npos);
  EXPECT_NE(refusal("[{\"raw_response\": \"\xFF\"}]").find("not JSON"), std::string::npos);
  EXPECT_NE(refusal(std::string(1'000'000, '[')).find("not JSON"), std::string::npos);
}

TEST(Dataset, EveryTruncationIsRefused) {
  const std::string text = json::array({full_example(), full_example()}).dump(1);
  ASSERT_EQ(parse_dataset(text, DatasetFormat::kJson, "traces.json").size(), 2);
  for (size_t size = 0; size < text.size(); ++size) {
    EXPECT_FALSE(refusal(std::string_view(text).substr(0, size)).empty()) << size;
  }
}

TEST(Dataset, JsonLines) {
  const std::string line = full_example().dump();
  const std::vector<Example> examples =
      parse_dataset(line + "\r\n\n" + line, DatasetFormat::kJsonLines, "traces.jsonl");
  ASSERT_EQ(examples.size(), 2);
  EXPECT_EQ(examples[1].index, 1);
  EXPECT_EQ(examples[1].transcript, examples[0].transcript);
  EXPECT_EQ(refusal(line + "\n\n{", ErrorCode::kInput, DatasetFormat::kJsonLines)
                .find("traces.json: line 3: not JSON"),
            0);
  EXPECT_NE(refusal("\n \n", ErrorCode::kInput, DatasetFormat::kJsonLines).find("at least one example"),
            std::string::npos);
}

// The identity that seeds directions: of what is run and measured, not of where in the file it stands.
TEST(Dataset, ContentHashIsOfTranscriptAndAnchor) {
  json moved = full_example();
  moved["prompt"] = "Another wording";
  moved["answer"] = nullptr;
  json other_anchor = full_example();
  other_anchor["thought_anchor_sentence"] = "So 4.";
  json other_text = full_example();
  other_text["raw_response"] = "Q: What is 2 + 2?<think>\nTwo and two are four. So 4.</think> 5";
  const auto examples = parse(json::array({full_example(), moved, other_anchor, other_text}));
  EXPECT_EQ(examples[0].content_hash, examples[1].content_hash);
  EXPECT_NE(examples[0].content_hash, examples[2].content_hash);
  EXPECT_NE(examples[0].content_hash, examples[3].content_hash);
}

std::filesystem::path write(const std::filesystem::path& path, const std::string& text) {
  std::ofstream(path, std::ios::binary) << text;
  return path;
}

TEST(DatasetFile, TheNameDecidesTheFormat) {
  const TemporaryFolder folder;
  EXPECT_EQ(load_dataset(write(folder / "a.json", json::array({full_example()}).dump())).size(), 1);
  EXPECT_EQ(
      load_dataset(write(folder / "a.jsonl", full_example().dump() + "\n" + full_example().dump())).size(),
      2);
}

TEST(DatasetFile, WhatCannotBeReadIsAnError) {
  const TemporaryFolder folder;
  const auto code_of = [](const std::filesystem::path& path) {
    try {
      static_cast<void>(load_dataset(path));
    } catch (const Error& error) {
      EXPECT_NE(std::string(error.what()).find(path.string()), std::string::npos);
      return std::string(name_of(error.code()));
    }
    return std::string("accepted");
  };
  EXPECT_EQ(code_of(folder / "absent.json"), "not_found");
  EXPECT_EQ(code_of(folder.path()), "input");
  EXPECT_EQ(code_of(write(folder / "empty.json", "")), "input");
}

}  // namespace
}  // namespace tugline
