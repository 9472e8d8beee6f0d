// The hub-style golden models' tokenizers against the reference's ids.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "support/shared.h"
#include "text/golden_tokens.h"

namespace tugline {
namespace {

class TokenizerGolden : public testing::TestWithParam<const char*> {};

TEST_P(TokenizerGolden, IdsAndDecodedTexts) {
  const auto shared = shared_dir();
  if (!shared) GTEST_SKIP() << "the goldens are not there: set TUGLINE_SHARED_DIR";
  const std::string model = GetParam();
  const auto tokenizer = Tokenizer::from_json_file(*shared / "golden" / "models" / model / "tokenizer.json");
  expect_golden_tokens(tokenizer, *shared / "golden" / ("tokens_" + model + ".json"));
}

std::string test_name(const testing::TestParamInfo<const char*>& info) {
  std::string name = info.param;
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(Models, TokenizerGolden, testing::Values("qwen2", "llama", "qwen2-f16"), test_name);

}  // namespace
}  // namespace tugline
