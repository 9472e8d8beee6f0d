// A line as words, as a shell reads it.
#include "tugline/cli/words.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <cstdlib>

namespace tugline {
namespace {

std::vector<std::string> words_of(std::string_view line) { return split_words(line).words; }
using List = std::vector<std::string>;

TEST(Words, AreSeparatedByWhiteSpace) {
  EXPECT_EQ(words_of(""), List{});
  EXPECT_EQ(words_of("  --layers\t10,20 \r"), (List{"--layers", "10,20"}));
  EXPECT_EQ(words_of("a # b"), List{"a"});
  EXPECT_EQ(words_of("a#b"), List{"a#b"});
}

TEST(Words, QuotesKeepWhatTheyHold) {
  EXPECT_EQ(words_of("'a b' \"c 'd'\" e\\ f ''"), (List{"a b", "c 'd'", "e f", ""}));
  EXPECT_EQ(words_of(R"('a\b' "a\n" "a\"b" "a\\b")"), (List{R"(a\b)", R"(a\n)", R"(a"b)", R"(a\b)"}));
  EXPECT_EQ(words_of("--text='So it is.'"), List{"--text=So it is."});
  EXPECT_EQ(words_of("'a\nb' c\\\nd"), (List{"a\nb", "cd"}));
}

TEST(Words, AnOpenQuotationGoesOn) {
  for (const char* open : {"'a", "\"a", "a\\", "'", "--text \"So 'it' is"})
    EXPECT_TRUE(split_words(open).is_open) << open;
  for (const char* closed : {"", "a", "'a'", "\"a\"", "a\\\\", "# it's so"})
    EXPECT_FALSE(split_words(closed).is_open) << closed;
}

TEST(Words, ATildeIsTheHomeDirectory) {
  const std::string home = std::getenv("HOME");
  EXPECT_EQ(words_of("~/a '~/a' a~/b ~"), (List{home + "/a", "~/a", "a~/b", "~"}));
}

TEST(Words, TellWhereTheLastOneBegins) {
  EXPECT_EQ(split_words("").last_begin, 0U);
  EXPECT_EQ(split_words("ab cd").last_begin, 3U);
  EXPECT_EQ(split_words("ab 'c d").last_begin, 3U);
  EXPECT_EQ(split_words("ab ").last_begin, 3U);
}

TEST(Words, AreReadBackAsTheyWere) {
  rc::check("a quoted word is one word, the same", [](const std::string& word) {
    RC_PRE(word.find('\0') == std::string::npos);
    RC_ASSERT(words_of(quoted_word(word) + " " + quoted_word(word)) == (List{word, word}));
  });
}

TEST(Words, AcceptAnyBytes) {
  rc::check("no bytes do harm", [](const std::string& line) {
    const Words words = split_words(line);
    RC_ASSERT(words.last_begin <= line.size());
  });
}

}  // namespace
}  // namespace tugline
