// The hub-style golden models' tokenizers against the reference's ids.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <string>

#include "support/shared.h"
#include "text/golden_tokens.h"

namespace tugline {
namespace {

class TokenizerGolden : public testing::TestWithParam<const char*> {};

TEST_P(TokenizerGolden, IdsAndDecodedTexts) {
  const auto shared = shared_dir();
  if (!shared) GTEST_SKIP() << "the goldens are not there: set TUGLINE_SHARED_DIR";
  const std::filesystem::path path(
      GetParam());  // of golden/models, or "families/NAME" of golden/families/models
  const auto folder = *shared / "golden" / path.parent_path();
  const std::string model = path.filename().string();
  const auto tokenizer = Tokenizer::from_json_file(folder / "models" / model / "tokenizer.json");
  expect_golden_tokens(tokenizer, folder / ("tokens_" + model + ".json"));
}

std::string test_name(const testing::TestParamInfo<const char*>& info) {
  std::string name = info.param;
  for (const char c : {'-', '/'}) std::replace(name.begin(), name.end(), c, '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(Models, TokenizerGolden,
                         testing::Values("qwen2", "llama", "qwen2-f16", "families/qwen3", "families/olmo2",
                                         "families/gpt_neox", "families/gpt_neox-serial"),
                         test_name);

}  // namespace
}  // namespace tugline
