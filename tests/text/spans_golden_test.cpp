// The 209 chunk spans and 8 anchor spans of the real examples, with the real tokenizer.
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <optional>

#include "support/cache.h"
#include "support/shared.h"
#include "tugline/data/dataset.h"
#include "tugline/text/spans.h"

namespace tugline {
namespace {

using Pair = std::vector<int64_t>;

class SpansGolden : public testing::Test {
 protected:
  void SetUp() override {
    const auto tokenizer = cached_file("qwen-tokenizer");
    if (!shared_dir()) GTEST_SKIP() << "no shared folder: set TUGLINE_SHARED_DIR";
    if (!tokenizer) GTEST_SKIP() << "no qwen-tokenizer in the cache folder: set TUGLINE_CACHE_DIR";
    tokenizer_ = Tokenizer::from_json_file(*tokenizer / "tokenizer.json");
    golden_ = nlohmann::json::parse(std::ifstream(*shared_dir() / "golden" / "spans_qwen.json"));
    examples_ =
        load_dataset(*shared_dir() / "data" / "annotated_deepseek-r1-distill-qwen-1.5b.json").examples;
    ASSERT_EQ(golden_.size(), examples_.size());
  }

  // `shift` is what a BOS moves every span by.
  void expect_golden_spans(BosPolicy bos, int64_t shift) const {
    for (size_t i = 0; i < examples_.size(); ++i) {
      SCOPED_TRACE(i);
      const Example& example = examples_[i];
      const Encoding encoding = tokenizer_->encode(example.transcript, bos);
      const SpanQuery query{.transcript = example.transcript, .cot = example.cot, .chunks = &example.chunks};
      const Anchor& annotated = example.anchors.at(0);
      const auto plain = [&](const SpanOutcome& outcome) {
        return outcome.span ? Pair{outcome.span->tokens.begin - shift, outcome.span->tokens.end - shift}
                            : Pair{};
      };
      const SpanOutcome anchor = find_anchor_span(
          query,
          {.sentence = annotated.sentence, .place = annotated.place, .chunk = annotated.chunk, .problem = {}},
          encoding, *tokenizer_);
      EXPECT_EQ(plain(anchor), golden_[i]["anchor_span"].get<Pair>()) << anchor.skipped;
      EXPECT_EQ(anchor.span->chunk, *annotated.index);
      std::vector<Pair> spans;
      for (const SpanOutcome& outcome : find_chunk_spans(query, encoding)) spans.push_back(plain(outcome));
      EXPECT_EQ(spans, golden_[i]["chunk_spans"].get<std::vector<Pair>>());
    }
  }

  std::optional<Tokenizer> tokenizer_;
  nlohmann::json golden_;
  std::vector<Example> examples_;
};

TEST_F(SpansGolden, WithoutBos) { expect_golden_spans(BosPolicy::kNever, 0); }
TEST_F(SpansGolden, ABosMovesEverySpanByOne) { expect_golden_spans(BosPolicy::kAlways, 1); }

}  // namespace
}  // namespace tugline
