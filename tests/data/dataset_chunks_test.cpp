// Where an example's anchors and chunks lie in its reasoning text, and which lists of numbers count the
// chunks.
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <utility>

#include "data/parsed_examples.h"

namespace tugline::test {
namespace {

TEST(Anchors, AreMatchedWithAnyWhiteSpace) {
  json example = five_chunks();
  for (const char* sentence :
       {"Wait. That is not right.", "Wait.\n\nThat is not right. ", "\nWait.  That is not right."}) {
    example["thought_anchor_sentence"] = sentence;
    const Example found = parse_one(example);
    EXPECT_EQ(found.anchors.at(0).place, (ByteRange{21, 46})) << sentence;
    EXPECT_EQ(found.anchors.at(0).chunk, 1);
    EXPECT_TRUE(found.doubts.empty());
  }
}

TEST(Anchors, TheNumberChoosesAmongOccurrences) {
  json example = five_chunks();
  example["thought_anchor_sentence"] = "So it is twelve.";
  EXPECT_EQ(parse_one(example).anchors.at(0).chunk, 2);
  example["thought_anchor_idx"] = 4;
  const Example second = parse_one(example);
  EXPECT_EQ(second.anchors.at(0).chunk, 4);
  EXPECT_TRUE(second.doubts.empty());
  example["thought_anchor_idx"] = 3;
  const Example neither = parse_one(example);
  EXPECT_FALSE(neither.anchors.at(0).place);
  EXPECT_NE(neither.anchors.at(0).problem.find("occurs 2 times, none of them in chunk 3"), std::string::npos);
  EXPECT_EQ(neither.doubts.size(), 1);
}

// Where a sentence is there once, that is where it is, whatever its number says; but then the numbers count
// other chunks.
TEST(Anchors, AContradictionLeavesNoMetric) {
  json example = five_chunks();
  example["thought_anchor_sentence"] = "Add it again.";
  example["overdeterminedness"] = {1, 2, 3, 4, 5};
  EXPECT_EQ(parse_one(example).chunk_metrics.size(), 1);
  for (const auto& [index, said] : {std::pair(0, "is in chunk 3"), {99, "has 5 chunks"}}) {
    example["thought_anchor_idx"] = index;
    const Dataset dataset = parse_dataset(json::array({example}).dump(), "traces.json");
    const Example& found = dataset.examples.at(0);
    EXPECT_EQ(found.anchors.at(0).chunk, 3);
    EXPECT_TRUE(found.chunk_metrics.empty());
    ASSERT_EQ(dataset.warnings.size(), 1);
    EXPECT_NE(dataset.warnings[0].find("example 0: thought_anchor_idx is " + std::to_string(index)),
              std::string::npos);
    EXPECT_NE(dataset.warnings[0].find(said), std::string::npos) << dataset.warnings[0];
  }
}

TEST(Anchors, ByNumberAlone) {
  json example = five_chunks();
  example["thought_anchor_idx"] = 4;
  const Example by_number = parse_one(example);
  EXPECT_EQ(by_number.anchors.at(0).sentence, "So it is twelve.");
  EXPECT_EQ(by_number.anchors.at(0).chunk, 4);
  example["thought_anchor_sentence"] = "So it is twelve.";
  const Example by_both = parse_one(example);
  EXPECT_EQ(by_both.anchors.at(0).place, by_number.anchors.at(0).place);
  EXPECT_EQ(by_both.content_hash, by_number.content_hash);
  example["thought_anchor_sentence"] = nullptr;
  example["thought_anchor_idx"] = 5;
  const Example beyond = parse_one(example);
  EXPECT_EQ(beyond.anchors.at(0).problem,
            "thought_anchor_idx is 5, and the reasoning text has 5 chunks, counted from 0");
  EXPECT_EQ(beyond.doubts.size(), 1);
}

TEST(Anchors, SeveralAreAList) {
  json example = five_chunks();
  example["thought_anchor_sentence"] = {"Add it again.", "So it is twelve.", nullptr};
  example["thought_anchor_idx"] = {3, 4, 0};
  const Example found = parse_one(example);
  ASSERT_EQ(found.anchors.size(), 3);
  EXPECT_EQ(found.anchors[0].chunk, 3);
  EXPECT_EQ(found.anchors[1].chunk, 4);
  EXPECT_EQ(found.anchors[2].sentence, "Let me see it first.");
  example["thought_anchor_idx"] = {3, 4};
  EXPECT_NE(
      refusal(json::array({example}).dump()).find("expected as many of one as of the other, found 3 and 2"),
      std::string::npos);
}

TEST(Anchors, AMissingOneNamesTheNearestText) {
  json example = five_chunks();
  example["thought_anchor_sentence"] = "Let me see it at first.";
  EXPECT_EQ(parse_one(example).anchors.at(0).problem,
            "The anchor sentence is not in the reasoning text (cot); the nearest text is chunk 0, 'Let me "
            "see it first.'");
  example["thought_anchor_sentence"] = "Quite other words, zebra!";
  EXPECT_EQ(parse_one(example).anchors.at(0).problem,
            "The anchor sentence is not in the reasoning text (cot)");
}

TEST(Metrics, AreTheListsThatCountTheChunks) {
  json example = five_chunks();
  example["my_importance"] = {1, 2.5, nullptr, 4, 5};
  example["logprobs"] = {-1, -2};
  example["names"] = {"a", "b", "c", "d", "e"};
  const Dataset dataset = parse_dataset(json::array({example}).dump(), "traces.json");
  EXPECT_EQ(dataset.examples[0].chunk_metrics.size(), 1);
  EXPECT_EQ(dataset.examples[0].chunk_metrics.at("my_importance").at(1), 2.5);
  EXPECT_EQ(dataset.metric_names().back(), "my_importance");
  EXPECT_EQ(dataset.metric_names().size(), 5);
  ASSERT_EQ(dataset.warnings.size(), 1);
  EXPECT_EQ(dataset.warnings[0],
            "traces.json: logprobs is not used as a metric in 1 example (example 0: 2 values, 5 chunks)");
}

TEST(Metrics, AnAnnotatedListOfAnotherLengthIsADoubt) {
  json example = five_chunks();
  example["my_importance"] = {1, 2, 3, 4, 5};
  example["overdeterminedness"] = {1, 2, 3};
  const Dataset dataset = parse_dataset(json::array({example}).dump(), "traces.json");
  EXPECT_TRUE(dataset.examples[0].chunk_metrics.empty());
  ASSERT_EQ(dataset.warnings.size(), 1);
  EXPECT_NE(dataset.warnings[0].find("overdeterminedness has 3 values, and the reasoning text has 5 chunks"),
            std::string::npos);
}

TEST(GivenChunks, AsTexts) {
  json example = five_chunks();
  example["chunks"] = {"Let me see it first.", "Wait.", "Nowhere.", "That is not  right. So it is twelve.\n"};
  example["thought_anchor_idx"] = 3;
  example["mine"] = {1, 2, 3, 4};
  const Example found = parse_one(example);
  EXPECT_EQ(found.chunks, (std::vector<ByteRange>{{0, 20}, {21, 26}, {0, 0}, {28, 63}}));
  EXPECT_EQ(found.anchors.at(0).place, (ByteRange{28, 63}));
  EXPECT_EQ(found.chunk_metrics.at("mine").size(), 4);
  example.erase("chunks");
  EXPECT_NE(parse_one(example).content_hash, found.content_hash);
}

TEST(GivenChunks, AsOffsetsInCharacters) {
  json example{{"raw_response", "Q: \u03c0\u03c0 is it. So"},
               {"cot", "\u03c0\u03c0 is it. So"},
               {"chunks", {{0, 2}, {2, 9}}}};
  EXPECT_EQ(parse_one(example).chunks, (std::vector<ByteRange>{{0, 4}, {5, 11}}));
  for (const json& wrong : {json{{0, 2}, {1, 3}}, json{{0, 100}}, json{{3, 3}}}) {
    example["chunks"] = wrong;
    EXPECT_NE(refusal(json::array({example}).dump()).find("is not a range after"), std::string::npos);
  }
  for (const json& wrong : {json{{0, 2}, "a"}, json{{0, -2}}, json{1}, json("a")}) {
    example["chunks"] = wrong;
    EXPECT_NE(
        refusal(json::array({example}).dump()).find("expected a list of strings, or of [begin, end) pairs"),
        std::string::npos);
  }
}

TEST(GivenChunks, WithoutAReasoningTextAreOfTheTranscript) {
  const Example found =
      parse_one({{"raw_response", "Q: one. two."}, {"chunks", {"one.", "two."}}, {"thought_anchor_idx", 1}});
  EXPECT_EQ(found.chunks, (std::vector<ByteRange>{{3, 7}, {8, 12}}));
  EXPECT_EQ(found.anchors.at(0).sentence, "two.");
}

}  // namespace
}  // namespace tugline::test
