#include "tugline/core/white_space.h"

#include <gtest/gtest.h>

namespace tugline {
namespace {

// Every character of Python's str.isspace(), and neighbours that are not.
TEST(WhiteSpace, IsPythons) {
  for (const char* space : {" ", "\t", "\n", "\v", "\f", "\r", "\x1C", "\x1F", "\u0085", "\u00a0", "\u1680",
                            "\u2000", "\u200a", "\u2028", "\u2029", "\u202f", "\u205f", "\u3000"}) {
    const std::string_view text(space);
    EXPECT_EQ(space_at(text, 0), text.size()) << text;
    EXPECT_EQ(space_before(text, text.size()), text.size()) << text;
  }
  for (const char* other : {"a", "\x1B", "\u00a1", "\u200b", "\u2060", "\u3001", "\ufeff", "\u0120", "\xC2",
                            "\xE2\x80", "\xA0"}) {
    const std::string_view text(other);
    EXPECT_EQ(space_at(text, 0), 0U) << text;
    EXPECT_EQ(space_before(text, text.size()), 0U) << text;
  }
  EXPECT_EQ(space_at("", 0), 0U);
  EXPECT_EQ(space_before("", 0), 0U);
}

TEST(WhiteSpace, TrimsBothEnds) {
  EXPECT_EQ(trimmed(std::string_view("\u3000 a b\u00a0\n")), "a b");
  EXPECT_EQ(trimmed("x  y  z", {1, 5}), (ByteRange{3, 4}));
  EXPECT_EQ(trimmed(" \n ", {0, 3}).size(), 0);
}

TEST(WhiteSpace, FoldingKnowsTheWayBack) {
  const FoldedText folded = fold_white_space("a \n b\u3000c");
  EXPECT_EQ(folded.text, "a b c");
  EXPECT_EQ(folded.source(0, 1), (ByteRange{0, 1}));
  EXPECT_EQ(folded.source(0, 3), (ByteRange{0, 5}));
  EXPECT_EQ(folded.source(4, 5), (ByteRange{8, 9}));
}

}  // namespace
}  // namespace tugline
