// Every variant of the fixture gives the reference's ids, offsets and decoded texts.
#include "text/tokenizer_cases.h"

#include <gtest/gtest.h>

#include "tugline/text/tokenizer.h"

namespace tugline {
namespace {

void expect_offsets(const nlohmann::json& expected, const Encoding& encoding, std::string_view text) {
  ASSERT_EQ(expected.size(), encoding.offsets.size());
  for (size_t i = 0; i < expected.size(); ++i) {
    const ByteRange range = widened(text, encoding.offsets[i]);
    EXPECT_EQ(range.begin, expected[i][0].get<int64_t>()) << "token " << i;
    EXPECT_EQ(range.end, expected[i][1].get<int64_t>()) << "token " << i;
  }
}

class TokenizerCases : public testing::TestWithParam<size_t> {};

TEST_P(TokenizerCases, AgreeWithTheReference) {
  const auto& variant = tokenizer_cases().at("variants").at(GetParam());
  const auto tokenizer = Tokenizer::from_json_text(tokenizer_with(variant.at("replace")).dump(), "variant");
  for (const auto& expected : variant.at("cases")) {
    const auto text = expected.at("text").get<std::string>();
    SCOPED_TRACE("text: " + text);
    const Encoding encoding = tokenizer.encode(text, BosPolicy::kAuto);
    EXPECT_EQ(encoding.ids, expected.at("ids").get<std::vector<int32_t>>());
    if (expected.contains("offsets")) expect_offsets(expected.at("offsets"), encoding, text);
    const auto decoded = expected.value("decoded", nlohmann::json(text));
    if (!decoded.is_null()) {
      EXPECT_EQ(tokenizer.decode(encoding.ids), decoded.get<std::string>());
    }
  }
}

std::string variant_name(const testing::TestParamInfo<size_t>& info) {
  return tokenizer_cases().at("variants").at(info.param).at("name").get<std::string>();
}

INSTANTIATE_TEST_SUITE_P(Variants, TokenizerCases,
                         testing::Range(size_t{0}, tokenizer_cases().at("variants").size()), variant_name);

}  // namespace
}  // namespace tugline
