// The bundled dataset keeps its promises: anchors are the chunks that it says, well inside the text.
#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "tugline/data/dataset.h"

namespace tugline {
namespace {

class ExampleTraces : public testing::Test {
 protected:
  const std::vector<Example> examples_ =
      load_dataset(std::filesystem::path(TUGLINE_SOURCE_DIR) / "examples" / "traces.json").examples;
};

size_t count_of(std::string_view text, std::string_view part) {
  size_t count = 0;
  for (size_t at = text.find(part); at != text.npos; at = text.find(part, at + 1)) ++count;
  return count;
}

TEST_F(ExampleTraces, TranscriptsHoldTheirReasoningAfterThink) {
  EXPECT_EQ(examples_.size(), 10);
  for (const Example& example : examples_) {
    SCOPED_TRACE(example.index);
    EXPECT_TRUE(example.transcript.starts_with("<|im_start|>user\n"));
    EXPECT_NE(example.transcript.find(example.prompt + "<|im_end|>\n<|im_start|>assistant\n<think>\n" +
                                      example.cot + "\n</think>\n"),
              std::string::npos);
    EXPECT_TRUE(example.transcript.ends_with("<|im_end|>\n"));
    EXPECT_NE(example.transcript.find("\\boxed{" + example.answer.value() + "}"), std::string::npos);
  }
}

TEST_F(ExampleTraces, AnchorsAreTheirChunksAndOccurOnce) {
  for (const Example& example : examples_) {
    SCOPED_TRACE(example.index);
    ASSERT_EQ(example.anchors.size(), 1);
    const Anchor& anchor = example.anchors.front();
    EXPECT_EQ(anchor.place, example.chunks.at(anchor.index.value()));
    EXPECT_EQ(anchor.chunk, anchor.index);
    EXPECT_EQ(count_of(example.transcript, anchor.sentence), 1);
    EXPECT_GT(*anchor.index, 0);
    EXPECT_LT(*anchor.index + 1, static_cast<int64_t>(example.chunks.size()));
    EXPECT_TRUE(example.doubts.empty());
  }
}

TEST_F(ExampleTraces, AllDiffer) {
  for (const Example& a : examples_) {
    for (const Example& b : examples_) EXPECT_EQ(a.content_hash == b.content_hash, a.index == b.index);
  }
}

}  // namespace
}  // namespace tugline
