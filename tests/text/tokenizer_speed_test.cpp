// Long texts take time in proportion to their length: 1 MB in under two seconds each, as the CPU's time so
// that a busy machine does not matter. An engine that is quadratic anywhere needs hours.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>

#include "text/cpu_timer.h"
#include "text/tokenizer_cases.h"
#include "tugline/text/tokenizer.h"

namespace tugline {
namespace {

constexpr size_t kSize = 1'000'000;
std::string repeated(std::string_view part) {
  std::string text;
  while (text.size() < kSize) text += part;
  return text;
}

// Words of random letters, the common ones often, with the marks and spaces of prose.
std::string prose() {
  std::mt19937 random(1);
  std::vector<std::string> words(20'000);
  for (std::string& word : words) {
    for (size_t length = 1 + random() % 9; length > 0; --length)
      word.push_back(static_cast<char>('a' + random() % 26));
  }
  std::exponential_distribution<double> rank(1.0 / 1500);
  const std::vector<std::string> between = {" ", " ", " ", " ", ", ", ". ", "\n", " 12 ", "'s "};
  std::string text;
  while (text.size() < kSize) {
    text += words[std::min(static_cast<size_t>(rank(random)), words.size() - 1)] +
            between[random() % between.size()];
  }
  return text;
}

void expect_fast(const Tokenizer& tokenizer, const std::string& name, const std::string& text) {
  const CpuTimer timer;
  const Encoding encoding = tokenizer.encode(text, BosPolicy::kNever);
  EXPECT_LT(timer.seconds(), 2.0) << name;
  EXPECT_FALSE(encoding.ids.empty());
}

Tokenizer with_repeats() {
  // The NFC and added-token variant, with merges that go on for ever in a run of one letter: aa, aaaa, ...
  nlohmann::json replace;
  for (const auto& variant : tokenizer_cases().at("variants")) {
    if (variant.at("name") == "added_nfc") replace = variant.at("replace");
  }
  nlohmann::json document = tokenizer_with(replace);
  std::string token = "a";
  for (int32_t id = 5000; id < 5010; ++id) {
    document["model"]["merges"].push_back({token, token});
    token += token;
    document["model"]["vocab"][token] = id;
  }
  return Tokenizer::from_json_text(document.dump(), "repeats");
}

TEST(TokenizerSpeed, AMegabyteOfAnything) {
  const Tokenizer tokenizer = with_repeats();
  expect_fast(tokenizer, "prose", prose());
  expect_fast(tokenizer, "one letter", repeated("a"));
  expect_fast(tokenizer, "one letter without merges", repeated("z"));
  expect_fast(tokenizer, "spaces", repeated(" "));
  expect_fast(tokenizer, "line ends", repeated("\n"));
  expect_fast(tokenizer, "beginnings of an added token", repeated("<think"));
  expect_fast(tokenizer, "characters to compose", repeated("cafe\u0301 "));
  expect_fast(tokenizer, "marks on one letter", "a" + repeated("\u0301\u0323"));
}

}  // namespace
}  // namespace tugline
