#include "tugline/core/excerpt.h"

#include <gtest/gtest.h>

namespace tugline {
namespace {

TEST(Excerpt, IsOneShortLine) {
  EXPECT_EQ(excerpt(" two\n\nlines "), "two lines");
  EXPECT_EQ(excerpt("a\x1B[31mb\x7F"), "a?[31mb?");
  EXPECT_EQ(excerpt("\xFFpi \u03c0\xCF"), "?pi \u03c0?");
  EXPECT_EQ(excerpt("abcdef", 3), "abc...");
  EXPECT_EQ(excerpt("abc", 3), "abc");
  EXPECT_EQ(excerpt("\u03c0\u03c0\u03c0", 3), "\u03c0\u03c0...");  // no half characters
  EXPECT_EQ(excerpt(std::string(1'000'000, 'x')).size(), 83U);
}

}  // namespace
}  // namespace tugline
