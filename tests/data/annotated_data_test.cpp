// The real annotated file as it is, and its 209 chunks.
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "support/shared.h"
#include "tugline/core/white_space.h"
#include "tugline/data/chunking.h"
#include "tugline/data/dataset.h"

namespace tugline {
namespace {

class AnnotatedData : public testing::Test {
 protected:
  void SetUp() override {
    if (!shared_dir()) GTEST_SKIP() << "no shared folder: set TUGLINE_SHARED_DIR";
    examples_ =
        load_dataset(*shared_dir() / "data" / "annotated_deepseek-r1-distill-qwen-1.5b.json").examples;
  }

  std::vector<Example> examples_;
};

TEST_F(AnnotatedData, LoadsAsItIs) {
  ASSERT_EQ(examples_.size(), 8);
  for (const Example& example : examples_) {
    ASSERT_EQ(example.anchors.size(), 1);
    EXPECT_TRUE(example.anchors[0].index && example.anchors[0].place && example.answer);
    EXPECT_TRUE(example.doubts.empty());
    EXPECT_EQ(example.chunk_metrics.size(), 4);
    EXPECT_NE(example.transcript.find(example.cot), std::string::npos);
  }
}

TEST_F(AnnotatedData, ChunksAreTheAnnotations) {
  const auto golden = nlohmann::json::parse(std::ifstream(*shared_dir() / "golden" / "chunks.json"));
  ASSERT_EQ(golden.size(), examples_.size());
  size_t count = 0;
  for (size_t i = 0; i < golden.size(); ++i) {
    const std::string& cot = examples_[i].cot;
    std::vector<std::string> texts;
    for (const ByteRange& chunk : split_chunks(cot)) texts.push_back(cot.substr(chunk.begin, chunk.size()));
    EXPECT_EQ(texts, golden[i]["chunks"].get<std::vector<std::string>>()) << "example " << i;
    count += texts.size();
  }
  EXPECT_EQ(count, 209);
}

TEST_F(AnnotatedData, MetricsAndAnchorsCountTheseChunks) {
  for (const Example& example : examples_) {
    for (const auto& [name, values] : example.chunk_metrics)
      EXPECT_EQ(values.size(), example.chunks.size()) << name;
    const Anchor& anchor = example.anchors.at(0);
    EXPECT_EQ(anchor.place, example.chunks.at(*anchor.index));
    EXPECT_EQ(anchor.chunk, anchor.index);
  }
}

// 400 made-up texts, dense in everything that ends a sentence or does not, with the annotating repository's
// chunks. Its chunks have one space where pieces were joined, so white space is compared folded.
TEST(AnnotatedChunks, AreTheAnnotatingRepositorysOnMadeUpTexts) {
  if (!shared_dir()) GTEST_SKIP() << "no shared folder: set TUGLINE_SHARED_DIR";
  const auto cases = nlohmann::json::parse(std::ifstream(*shared_dir() / "golden" / "chunks_fuzz.json"));
  ASSERT_EQ(cases.size(), 400);
  for (const auto& made_up : cases) {
    const auto text = made_up["text"].get<std::string>();
    std::vector<std::string> found;
    for (const ByteRange& chunk : split_chunks(text))
      found.push_back(fold_white_space(std::string_view(text).substr(chunk.begin, chunk.size())).text);
    std::vector<std::string> expected;
    for (const auto& chunk : made_up["chunks"])
      expected.push_back(fold_white_space(chunk.get_ref<const std::string&>()).text);
    EXPECT_EQ(found, expected) << text;
  }
}

}  // namespace
}  // namespace tugline
