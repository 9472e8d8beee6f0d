#include "tugline/text/added_tokens.h"

#include <gtest/gtest.h>

#include <string>

namespace tugline {
namespace {

// The stretches as text: "[token]" and plain text, with | between.
std::string shown(const std::vector<AddedToken>& tokens, std::string_view text) {
  std::string out;
  for (const AddedTokenStretch& stretch : AddedTokenMatcher(tokens).split(text)) {
    const std::string part(text.substr(stretch.begin, stretch.end - stretch.begin));
    out += (out.empty() ? "" : "|") + (stretch.id ? "[" + part + "]" : part);
  }
  return out;
}

TEST(AddedTokens, LeftmostThenLongest) {
  const std::vector<AddedToken> tokens = {
      {.content = "ab"}, {.content = "abcd"}, {.content = "bcx"}, {.content = ""}};
  EXPECT_EQ(shown(tokens, "abcd"), "[abcd]");
  EXPECT_EQ(shown(tokens, "abcx"), "[ab]|cx");
  EXPECT_EQ(shown(tokens, "zbcxab"), "z|[bcx]|[ab]");
  EXPECT_EQ(shown(tokens, "abc"), "[ab]|c");
  EXPECT_EQ(shown(tokens, ""), "");
}

TEST(AddedTokens, StripsTakeWhiteSpaceAlong) {
  EXPECT_EQ(shown({{.content = "<l>", .lstrip = true}}, "a \u3000<l> b"), "a|[ \u3000<l>]| b");
  EXPECT_EQ(shown({{.content = "<r>", .rstrip = true}}, "a <r>\n\t b"), "a |[<r>\n\t ]|b");
  const AddedToken left{.content = "<l>", .id = 1, .lstrip = true};
  const AddedToken right{.content = "<r>", .id = 2, .rstrip = true};
  EXPECT_EQ(shown({left, right}, "<r>  <l>"), "[<r>  ]|[<l>]");  // the first to come takes the space
}

// White space that a token took along is not a token once more.
TEST(AddedTokens, NoByteComesOutTwice) {
  const std::vector<AddedToken> tokens = {{.content = "<r>", .id = 1, .rstrip = true},
                                          {.content = "  ", .id = 2},
                                          {.content = " x", .id = 3},
                                          {.content = "<l>", .id = 4, .lstrip = true}};
  EXPECT_EQ(shown(tokens, "<r>   x  y"), "[<r>   ]|x|[  ]|y");
  EXPECT_EQ(shown(tokens, "<r> x"), "[<r> ]|x");
  EXPECT_EQ(shown(tokens, "<r>    <l>  <l>"), "[<r>    ]|[<l>]|[  ]|[<l>]");
}

TEST(AddedTokens, SingleWordsStandAlone) {
  const std::vector<AddedToken> tokens = {{.content = "so", .single_word = true}};
  EXPECT_EQ(shown(tokens, "so"), "[so]");
  EXPECT_EQ(shown(tokens, "soon, also so."), "soon, also |[so]|.");
  EXPECT_EQ(shown(tokens, "\u00E9so so\u0301 _so"), "\u00E9so so\u0301 _so");  // letters, marks, connectors
  EXPECT_EQ(shown(tokens, "soso"), "soso");
}

TEST(AddedTokens, TheFirstOfTwoWithTheSameContentIsFound) {
  const AddedTokenMatcher matcher({{.content = "x", .id = 7}, {.content = "x", .id = 8}});
  EXPECT_EQ(matcher.split("x").at(0).id, 7);
}

}  // namespace
}  // namespace tugline
