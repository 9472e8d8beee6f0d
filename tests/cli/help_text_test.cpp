// Wrapped text, and how wide it may be.
#include "tugline/cli/help_text.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

namespace tugline {
namespace {

TEST(Wrapped, BreaksBetweenWords) {
  EXPECT_EQ(wrapped("one two three", 7), "one two\nthree");
  EXPECT_EQ(wrapped("one two three", 9, 2), "one two\n  three");
  EXPECT_EQ(wrapped("unbreakable word", 4), "unbreakable\nword");
  EXPECT_EQ(wrapped("a b\n  an example stays\nc d", 3), "a b\n  an example stays\nc d");
  EXPECT_EQ(wrapped("", 10), "");
}

TEST(Wrapped, KeepsEveryWord) {
  rc::check("words are those of the text, lines are short", [](const std::vector<uint8_t>& lengths) {
    std::string text;
    for (const uint8_t length : lengths)
      text += (text.empty() ? "" : " ") + std::string(1 + length % 12, 'w');
    std::string lines = wrapped(text, 30);
    size_t begin = 0;
    for (size_t end = 0; end != std::string::npos; begin = end + 1) {
      end = lines.find('\n', begin);
      RC_ASSERT(std::min(end, lines.size()) - begin <= 30);
    }
    std::replace(lines.begin(), lines.end(), '\n', ' ');
    RC_ASSERT(lines == text);
  });
}

TEST(HelpWidth, IsTheTerminalsUpToAHundredColumns) {
  EXPECT_EQ(help_width(0), 100U);
  EXPECT_EQ(help_width(72), 72U);
  EXPECT_EQ(help_width(10), 40U);
  EXPECT_EQ(help_width(300), 100U);
}

}  // namespace
}  // namespace tugline
