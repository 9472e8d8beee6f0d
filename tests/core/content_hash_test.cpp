#include "tugline/core/content_hash.h"

#include <gtest/gtest.h>

namespace tugline {
namespace {

// FNV-1a's published values: hashes are stored in runs and must never change.
TEST(ContentHash, IsFnv1a) {
  EXPECT_EQ(hash_text(""), 0xcbf29ce484222325U);
  EXPECT_EQ(hash_text("a"), 0xaf63dc4c8601ec8cU);
  EXPECT_EQ(hash_text("foobar"), 0x85944171f73967e8U);
}

TEST(ContentHash, TextsDoNotRunIntoEachOther) {
  ContentHash first;
  first.add_text("ab");
  first.add_text("c");
  ContentHash second;
  second.add_text("a");
  second.add_text("bc");
  EXPECT_NE(first.value(), second.value());
}

TEST(ContentHash, NumbersAreTheirLittleEndianBytes) {
  ContentHash number;
  number.add_number(0x0807060504030201U);
  EXPECT_EQ(number.value(), hash_text("\x01\x02\x03\x04\x05\x06\x07\x08"));
}

TEST(ContentHash, HexHasSixteenDigits) {
  EXPECT_EQ(hex(0), "0000000000000000");
  EXPECT_EQ(hex(0xcbf29ce484222325U), "cbf29ce484222325");
}

}  // namespace
}  // namespace tugline
