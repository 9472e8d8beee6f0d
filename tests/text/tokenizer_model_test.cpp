// Two real tokenizers from the user's cache against the reference's ids: SmolLM2's GGUF, and
// DeepSeek-R1-Distill-Qwen's tokenizer.json rebuilt by the goldens' own script into the cache as
// qwen-tokenizer/.
#include <gtest/gtest.h>

#include "support/cache.h"
#include "support/shared.h"
#include "text/cpu_timer.h"
#include "text/golden_tokens.h"
#include "tugline/files/gguf.h"

namespace tugline {
namespace {

TEST(TokenizerModel, SmolLm2FromGguf) {
  const auto shared = shared_dir();
  const auto model = cached_file("SmolLM2-135M-Instruct.Q4_1.gguf");
  if (!shared) GTEST_SKIP() << "the goldens are not there: set TUGLINE_SHARED_DIR";
  if (!model) GTEST_SKIP() << "SmolLM2's GGUF is not in the cache: run scripts/fetch_smollm2.py";
  const GgufFile file = GgufFile::open(*model);
  const auto tokenizer = Tokenizer::from_gguf(file);
  EXPECT_EQ(tokenizer.vocab_size(), 49'152);
  EXPECT_EQ(tokenizer.bos_id(), 1);
  expect_golden_tokens(tokenizer, *shared / "golden" / "tokens_smollm2.json");
}

TEST(TokenizerModel, QwenFromJson) {
  const auto shared = shared_dir();
  const auto path = cached_file("qwen-tokenizer/tokenizer.json");
  if (!shared) GTEST_SKIP() << "the goldens are not there: set TUGLINE_SHARED_DIR";
  if (!path) {
    GTEST_SKIP() << "qwen-tokenizer/ is not in the cache: the goldens' make_qwen_tokenizer.py makes it";
  }
  const CpuTimer timer;
  const auto tokenizer = Tokenizer::from_json_file(*path);
  EXPECT_LT(timer.seconds(), 2.0) << "to load 151,650 tokens";
  EXPECT_EQ(tokenizer.vocab_size(), 151'650);
  EXPECT_EQ(tokenizer.bos_id(), 151'646);
  expect_golden_tokens(tokenizer, *shared / "golden" / "tokens_qwen.json");
}

}  // namespace
}  // namespace tugline
