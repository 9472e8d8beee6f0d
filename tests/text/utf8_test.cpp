#include "tugline/text/utf8.h"

#include <gtest/gtest.h>

#include <string>

#include "tugline/text/byte_level.h"

namespace tugline {
namespace {

using namespace std::string_literals;

TEST(Utf8, EveryCharacterIsWellFormedAndReadsBack) {
  std::string all;
  for (char32_t code = 0; code < 0x110000; ++code) {
    if (code >= 0xD800 && code < 0xE000) continue;
    const size_t begin = all.size();
    append_utf8(all, code);
    const Utf8Char forwards = utf8_char_at(all, begin);
    const Utf8Char backwards = utf8_char_before(all, all.size());
    ASSERT_EQ(forwards.code, code);
    ASSERT_EQ(backwards.code, code);
    ASSERT_EQ(forwards.bytes, all.size() - begin);
  }
  EXPECT_EQ(first_malformed_byte(all), std::nullopt);
  EXPECT_EQ(replace_malformed(all), all);
}

struct Malformed {
  std::string bytes;
  size_t offset;
  std::string repaired;
};

// The Unicode standard's table 3-8 among them: one U+FFFD for each maximal ill-formed part.
TEST(Utf8, MalformedBytesAreFoundAndReplaced) {
  const std::string bad = "\uFFFD";
  const Malformed cases[] = {
      {"ab\x80"
       "c",
       2, "ab" + bad + "c"},
      {"\xC0\xAF", 0, bad + bad},                      // overlong
      {"x\xE0\x80\x80", 1, "x" + bad + bad + bad},     // overlong
      {"\xED\xA0\x80", 0, bad + bad + bad},            // a surrogate
      {"\xF4\x90\x80\x80", 0, bad + bad + bad + bad},  // past U+10FFFF
      {"\xF5"
       "a",
       0, bad + "a"},                         // no such first byte
      {"\u00E9\xE2\x82", 2, "\u00E9" + bad},  // cut at the end
      {"12345678\xE2\x82"
       "12345678",
       8, "12345678" + bad + "12345678"},  // cut in the middle
      {"\xF0\x9F\x98\xF0\x9F\x98\x80", 0, bad + "\U0001F600"},
      {"\x00\xFF"s, 1, "\x00"s + bad},
  };
  for (const Malformed& c : cases) {
    EXPECT_EQ(first_malformed_byte(c.bytes), c.offset) << testing::PrintToString(c.bytes);
    EXPECT_EQ(replace_malformed(c.bytes), c.repaired) << testing::PrintToString(c.bytes);
  }
  EXPECT_EQ(first_malformed_byte(""), std::nullopt);
}

TEST(ByteLevel, EveryByteHasACharacterOfItsOwn) {
  std::string bytes;
  for (int byte = 0; byte < 256; ++byte) bytes.push_back(static_cast<char>(byte));
  EXPECT_EQ(from_byte_level(to_byte_level(bytes)), bytes);
  EXPECT_EQ(to_byte_level(" a\n\u00E9"), "\u0120a\u010A\u00C3\u00A9");
  EXPECT_EQ(from_byte_level("a b"), std::nullopt);  // a space stands for nothing
  EXPECT_EQ(from_byte_level("\u4E2D"), std::nullopt);
}

}  // namespace
}  // namespace tugline
