// The real annotated file as it is, and its 209 chunks.
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "support/shared.h"
#include "tugline/data/chunking.h"
#include "tugline/data/dataset.h"

namespace tugline {
namespace {

class AnnotatedData : public testing::Test {
 protected:
  void SetUp() override {
    if (!shared_dir()) GTEST_SKIP() << "no shared folder: set TUGLINE_SHARED_DIR";
    examples_ = load_dataset(*shared_dir() / "data" / "annotated_deepseek-r1-distill-qwen-1.5b.json");
  }

  std::vector<Example> examples_;
};

TEST_F(AnnotatedData, LoadsAsItIs) {
  ASSERT_EQ(examples_.size(), 8);
  for (const Example& example : examples_) {
    EXPECT_TRUE(example.anchor_index && example.anchor_sentence && example.answer);
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
    const std::vector<ByteRange> chunks = split_chunks(example.cot);
    for (const auto& [name, values] : example.chunk_metrics) EXPECT_EQ(values.size(), chunks.size()) << name;
    const ByteRange anchor = chunks.at(*example.anchor_index);
    EXPECT_EQ(example.cot.substr(anchor.begin, anchor.size()), *example.anchor_sentence);
  }
}

}  // namespace
}  // namespace tugline
