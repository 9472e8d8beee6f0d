#include "tugline/core/deflate.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>

namespace tugline {
namespace {

std::vector<std::byte> bytes_of(const std::vector<uint8_t>& numbers) {
  std::vector<std::byte> bytes(numbers.size());
  std::transform(numbers.begin(), numbers.end(), bytes.begin(), [](uint8_t n) { return std::byte{n}; });
  return bytes;
}

RC_GTEST_PROP(Deflate, ComesBackWhole, (const std::vector<uint8_t>& numbers)) {
  const std::vector<std::byte> bytes = bytes_of(numbers);
  for (const int level : {1, 6, 9})
    RC_ASSERT(inflated(deflated(bytes, level), bytes.size(), DeflateFrame::kZlib) == bytes);
}

TEST(Deflate, GivesNoMoreThanItIsAskedFor) {
  const std::vector<std::byte> zeros(1'000'000);
  const std::vector<std::byte> small = deflated(zeros, 6);
  EXPECT_LT(small.size(), 2000u);
  EXPECT_EQ(inflated(small, zeros.size(), DeflateFrame::kZlib), zeros);
  for (const size_t most : {zeros.size() - 1, size_t{65'536}, size_t{1}, size_t{0}})
    EXPECT_FALSE(inflated(small, most, DeflateFrame::kZlib)) << most;
}

TEST(Deflate, RefusesWhatIsNotOneWholeStream) {
  const std::vector<std::byte> small = deflated(bytes_of({1, 2, 3, 4, 4, 4, 4, 4, 4, 4}), 6);
  EXPECT_TRUE(inflated(small, 10, DeflateFrame::kZlib));
  EXPECT_FALSE(inflated(small, 10, DeflateFrame::kNone));
  for (size_t size = 0; size < small.size(); ++size)
    EXPECT_FALSE(inflated(std::span(small).first(size), 10, DeflateFrame::kZlib)) << size;
  std::vector<std::byte> longer = small;
  longer.push_back(std::byte{0});
  EXPECT_FALSE(inflated(longer, 10, DeflateFrame::kZlib)) << "a byte after its end";
  std::vector<std::byte> changed = small;
  changed.back() ^= std::byte{1};
  EXPECT_FALSE(inflated(changed, 10, DeflateFrame::kZlib)) << "the checksum";
}

}  // namespace
}  // namespace tugline
