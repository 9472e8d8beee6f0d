#include "tugline/data/dataset.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "data/parsed_examples.h"
#include "support/temporary_folder.h"

namespace tugline::test {
namespace {

json full_example() {
  return {{"prompt", "What is 2 + 2?"},
          {"model_input_prompt", "Q: What is 2 + 2?<think>\n"},
          {"raw_response", "Q: What is 2 + 2?<think>\nTwo and two are four. So 4.</think> 4"},
          {"cot", "Two and two are four. So 4."},
          {"answer", "4"},
          {"id", "sum-1"},
          {"thought_anchor_idx", 0},
          {"thought_anchor_sentence", "Two and two are four."},
          {"counterfactual_accuracies", {0.5}},
          {"an_unknown_field", {{"kept", false}}}};
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
  EXPECT_EQ(example.id, "sum-1");
  ASSERT_EQ(example.anchors.size(), 1);
  EXPECT_EQ(example.anchors[0].index, 0);
  EXPECT_EQ(example.anchors[0].sentence, "Two and two are four.");
  EXPECT_EQ(example.anchors[0].place, (ByteRange{0, 21}));
  EXPECT_EQ(example.anchors[0].chunk, 0);
  EXPECT_EQ(example.chunks, (std::vector<ByteRange>{{0, 21}}));
  const std::vector<std::optional<double>> accuracies{0.5};
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
    EXPECT_EQ(example.id, "");
    EXPECT_TRUE(example.anchors.empty());
    EXPECT_NE(example.no_anchor.find("its fields are "), std::string::npos);
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
    EXPECT_NE(message.find("its fields are an_unknown_field, answer, "), std::string::npos) << message;
  }
}

TEST(Dataset, WrongTypesNameFileExampleFieldExpectedAndFound) {
  EXPECT_EQ(refusal_with("cot", 3),
            "traces.json: example 1: field cot: expected a string, found the number 3.");
  EXPECT_EQ(refusal_with("raw_response", json::array()),
            "traces.json: example 1: field raw_response: expected a string, found a list.");
  EXPECT_EQ(refusal_with("thought_anchor_sentence", true),
            "traces.json: example 1: field thought_anchor_sentence: expected a string or a list of strings, "
            "found true.");
  for (const json& wrong : {json("2"), json(2.5), json(-1), json(18'446'744'073'709'551'615U)}) {
    const std::string message = refusal_with("thought_anchor_idx", wrong);
    EXPECT_NE(message.find("field thought_anchor_idx: expected a chunk's number (an integer from 0), found "),
              std::string::npos);
  }
  EXPECT_EQ(
      refusal_with("overdeterminedness", 0.5),
      "traces.json: example 1: field overdeterminedness: expected a list of numbers, one for each chunk, "
      "found the number 0.5.");
  EXPECT_EQ(
      refusal_with("overdeterminedness", {0.5, "high"}),
      "traces.json: example 1: field overdeterminedness[1]: expected a number or null, found a string.");
}

TEST(Dataset, WhatIsNoListOfObjectsIsRefused) {
  EXPECT_NE(refusal("[]").find("expected at least one example"), std::string::npos);
  EXPECT_NE(refusal("{}").find("example 0: no text to run"), std::string::npos);
  EXPECT_NE(refusal("{\n}").find("found an object"), std::string::npos);
  EXPECT_NE(refusal("3").find("expected a list of examples, found the number 3"), std::string::npos);
  EXPECT_NE(refusal("[1]").find("example 0: expected an object with fields, found the number 1"),
            std::string::npos);
  EXPECT_NE(refusal("not json").find("not JSON"), std::string::npos);
  EXPECT_NE(refusal("[{\"raw_response\": \"\xFF\"}]").find("not JSON"), std::string::npos);
  EXPECT_NE(refusal(std::string(1'000'000, '[')).find("not JSON"), std::string::npos);
  EXPECT_NE(refusal(std::string(100'000, '[') + std::string(100'000, ']')).find("nested"), std::string::npos);
  EXPECT_NE(refusal(R"([{"raw_response": "One.", "raw_response": "Two."}])").find("'raw_response' twice"),
            std::string::npos);
}

// Containers of examples, on one line or over several: what to do is said.
TEST(Dataset, AnObjectOfExamplesIsRefusedWithTheCure) {
  for (const int indent : {-1, 1}) {
    EXPECT_NE(refusal(json{{"0", full_example()}}.dump(indent)).find("write its values as a list"),
              std::string::npos);
    EXPECT_NE(refusal(json{{"n", 1}, {"examples", {full_example()}}}.dump(indent)).find("field 'examples'"),
              std::string::npos);
  }
}

// A message never repeats the text that it is about.
TEST(Dataset, ALoneSurrogateIsRefusedInALine) {
  const std::string text = "[{\"raw_response\": \"" + std::string(100'000, 'a') + " \\ud83d\"}]";
  EXPECT_NE(refusal(text).find("surrogate"), std::string::npos);
  EXPECT_NE(refusal(text).find("without it"), std::string::npos);
}

TEST(Dataset, EveryTruncationIsRefused) {
  const std::string text = json::array({full_example(), full_example()}).dump(1);
  ASSERT_EQ(parse_dataset(text, "traces.json").examples.size(), 2);
  for (size_t size = 0; size < text.size(); ++size) {
    EXPECT_FALSE(refusal(std::string_view(text).substr(0, size)).empty()) << size;
  }
}

TEST(Dataset, JsonLinesByContent) {
  const std::string line = full_example().dump();
  const std::vector<Example> examples =
      parse_dataset("\xEF\xBB\xBF\n" + line + "\r\n\n" + line, "traces.json").examples;
  ASSERT_EQ(examples.size(), 2);
  EXPECT_EQ(examples[1].index, 1);
  EXPECT_EQ(examples[1].transcript, examples[0].transcript);
  EXPECT_EQ(parse_dataset(line, "one.json").examples.size(), 1);
  EXPECT_EQ(refusal(line + "\n\n{").find("traces.json: line 3: not JSON"), 0);
  EXPECT_NE(refusal("\n \n").find("at least one example"), std::string::npos);
}

// As Python's json module writes them; within a string they are text.
TEST(Dataset, NanAndInfinitiesAreNull) {
  const Dataset dataset = parse_dataset(R"([
    {"raw_response": "NaN \" Infinity. Here it is so. ", "cot": "NaN \" Infinity. Here it is so. ", "other": [Infinity],
     "counterfactual_importance_kl": [-Infinity, NaN], "note": NaN}])",
                                        "traces.json");
  const Example& example = dataset.examples.at(0);
  EXPECT_EQ(example.transcript, "NaN \" Infinity. Here it is so. ");
  EXPECT_EQ(example.chunk_metrics.at("counterfactual_importance_kl"),
            (std::vector<std::optional<double>>(2)));
  ASSERT_EQ(dataset.warnings.size(), 1);
  EXPECT_EQ(dataset.warnings[0], "traces.json: NaN or Infinity is read as null, 4 times, first in line 2");
}

TEST(Dataset, NumbersAsPythonWritesThem) {
  json example = full_example();
  example["thought_anchor_idx"] = 0.0;
  example["answer"] = 4;
  example["id"] = 17;
  const Example found = parse_one(example);
  EXPECT_EQ(found.anchors.at(0).index, 0);
  EXPECT_EQ(found.answer, "4");
  EXPECT_EQ(found.id, "17");
}

TEST(FieldNames, MapOtherNames) {
  const std::string text = R"([{"text": "Here it is so. So there.", "reasoning": "Here it is so. So there.",
                               "worth": [3], "name": "n1", "key": "Here it is so."}])";
  const FieldNames names = parse_field_names(
      {"raw_response=text", "cot=reasoning", "id=name", "thought_anchor_sentence=key", "value=worth"});
  const Example found = parse_dataset(text, "traces.json", names).examples.at(0);
  EXPECT_EQ(found.id, "n1");
  EXPECT_EQ(found.anchors.at(0).chunk, 0);
  EXPECT_EQ(found.chunk_metrics.at("value").at(0), 3);
  EXPECT_EQ(found.chunk_metrics.size(), 1);
  EXPECT_NE(refusal(text, ErrorCode::kInput, {{"raw_response", "text"}, {"cot", "reasonnig"}})
                .find("no example has the field 'reasonnig'"),
            std::string::npos);
  EXPECT_NE(refusal(text, ErrorCode::kInput, {{"raw_response", "text"}, {"cott", "reasoning"}})
                .find("field reasoning: expected a list of numbers"),
            std::string::npos);
  for (const char* wrong : {"cot", "=cot", "cot="})
    EXPECT_THROW((void)parse_field_names({wrong}), Error) << wrong;
  EXPECT_THROW((void)parse_field_names({"cot=a", "cot=b"}), Error);
}

// Quadratic time would show as minutes.
TEST(Dataset, ManyExamplesTakeLinearTime) {
  json many = json::array();
  for (int i = 0; i < 20'000; ++i) {
    many.push_back(five_chunks());
    many.back()["thought_anchor_sentence"] = "It is not in there.";
    many.back()["overdeterminedness"] = {1};
  }
  const Dataset dataset = parse_dataset(many.dump(), "traces.json");
  EXPECT_EQ(dataset.examples.size(), 20'000);
  EXPECT_LT(dataset.warnings.size(), 30);
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

TEST(DatasetFile, TheNameDoesNotMatter) {
  const TemporaryFolder folder;
  const std::string lines = full_example().dump() + "\n" + full_example().dump();
  for (const char* name : {"a.json", "a.jsonl", "a.ndjson", "a"}) {
    EXPECT_EQ(load_dataset(write(folder / name, json::array({full_example()}).dump())).examples.size(), 1);
    EXPECT_EQ(load_dataset(write(folder / name, lines)).examples.size(), 2);
  }
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
}  // namespace tugline::test
