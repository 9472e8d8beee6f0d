#include "tugline/store/number_packing.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

#include "tugline/core/deflate.h"

namespace tugline {
namespace {

constexpr size_t kPushes = 21;
constexpr size_t kRows = 25;

using Numbers = std::vector<double>;

// KLs as a sweep has them: by direction, then epsilon; each row's grow with the square of epsilon.
Numbers made_rows(RowType type, size_t pushes = kPushes) {
  std::mt19937 random(7);
  std::normal_distribution<double> normal;
  Numbers numbers;
  Numbers of_one(kRows);
  for (size_t push = 0; push < pushes; ++push) {
    const auto epsilon = static_cast<double>(push % kPushes);
    if (epsilon == 0)
      for (double& kl : of_one) kl = std::exp(normal(random)) / 1000;
    for (const double kl : of_one)
      numbers.push_back(kept_row_value(type, epsilon * epsilon * kl * (1 + normal(random) / 50)));
  }
  return numbers;
}

Numbers unpacked(const PackedNumbers& packed, RowType type, size_t pushes = kPushes, size_t rows = kRows) {
  return unpacked_numbers(packed, pushes, rows, type).value();
}

TEST(NumberPacking, ComesBackToTheSameBits) {
  for (const RowType type : {RowType::kF32, RowType::kRounded}) {
    const Numbers numbers = made_rows(type);
    const PackedNumbers packed = packed_numbers(numbers, kPushes, type);
    EXPECT_EQ(packed.bits, 32);
    EXPECT_TRUE(packed.is_deflated);
    EXPECT_EQ(unpacked(packed, type), numbers);
  }
}

TEST(NumberPacking, KeepsEveryNumberThatAStoreCanHave) {
  constexpr float kMost = std::numeric_limits<float>::max();
  constexpr float kLeast = std::numeric_limits<float>::denorm_min();
  const Numbers narrow{0, -0.0, 1, -1, kMost, -kMost, kLeast, -kLeast, 0.1F, -0.1F, 60, 1e-30F};
  const Numbers wide{0, -0.0, 0.1, -1e300, std::numeric_limits<double>::denorm_min(), 1 + 1e-15};
  EXPECT_EQ(packed_numbers(narrow, 3, RowType::kF32).bits, 32);
  EXPECT_EQ(packed_numbers(wide, 3, RowType::kF32).bits, 64);
  for (const Numbers& numbers : {narrow, wide}) {
    const Numbers found =
        unpacked(packed_numbers(numbers, 3, RowType::kF32), RowType::kF32, 3, numbers.size() / 3);
    EXPECT_EQ(found, numbers);
    EXPECT_TRUE(std::signbit(found[1])) << "-0";
  }
}

TEST(NumberPacking, KeepsUnitsWithoutRows) {
  for (const RowType type : {RowType::kF32, RowType::kRounded, RowType::kFlag})
    EXPECT_TRUE(unpacked(packed_numbers({}, 2, type), type, 2, 0).empty());
}

TEST(NumberPacking, KeepsFlagsAsBits) {
  Numbers flags(kPushes * kRows);
  for (size_t push = 0; push < kPushes; push += 3) flags[push * kRows] = 1;  // of the first row
  const PackedNumbers packed = packed_numbers(flags, kPushes, RowType::kFlag);
  EXPECT_EQ(packed.bytes.size(), 66u) << "525 / 8";
  EXPECT_EQ(packed.bytes[0], std::byte{0b10010010}) << "by row, then push";
  EXPECT_EQ(unpacked(packed, RowType::kFlag), flags);
}

TEST(NumberPacking, KeepsListsOfTokens) {
  const Numbers lists{504, 0.5, -1, 0, 151'642, 0.1F, 7, -0.25};  // of two pushes, two rows, a token each
  const PackedNumbers packed = packed_numbers(lists, 2, RowType::kTokens);
  EXPECT_EQ(unpacked(packed, RowType::kTokens, 2, 2), lists);
  EXPECT_EQ(unpacked(packed, RowType::kTokens, 2, 1), lists) << "two tokens each";
  EXPECT_FALSE(unpacked_numbers(packed, 2, 3, RowType::kTokens));
}

// docs/store.md says so to the readers of other programs.
TEST(NumberPacking, IsDifferencesOfBitsByPlanesOfBytes) {
  const PackedNumbers packed = packed_numbers(Numbers{1, -2, 1.5, 0}, 2, RowType::kF32);
  EXPECT_FALSE(packed.is_deflated) << "four numbers do not become smaller";
  // The first row has 0x3f800000 and 0x3fc00000, the second 0xc0000000 and 0. The differences are 0x3f800000,
  // 0x00400000, 0x80400000 and 0x40000000.
  const std::vector<uint8_t> expected{0, 0, 0, 0, 0, 0, 0, 0, 0x80, 0x40, 0x40, 0, 0x3f, 0, 0x80, 0x40};
  ASSERT_EQ(packed.bytes.size(), expected.size());
  for (size_t i = 0; i < expected.size(); ++i) EXPECT_EQ(packed.bytes[i], std::byte{expected[i]}) << i;
}

// 32 directions, as the full preset has them: 24 bytes of a row in f32 take less than 14.
TEST(NumberPacking, MakesRowsSmall) {
  constexpr size_t kAll = 32 * kPushes;
  const auto bytes_of = [&](RowType type) {
    return static_cast<double>(packed_numbers(made_rows(type, kAll), kAll, type).bytes.size());
  };
  constexpr double kNumbers = kAll * kRows;
  EXPECT_LT(bytes_of(RowType::kF32), 3.3 * kNumbers);
  EXPECT_LT(bytes_of(RowType::kRounded), 2.6 * kNumbers);
}

// A crafted store could make its reader take a thousand times the bytes that it has.
TEST(NumberPacking, NeitherMakesNorReadsStreamsThatExpandMoreThanEightTimes) {
  const Numbers zeros(40'000);
  const PackedNumbers packed = packed_numbers(zeros, 40, RowType::kF32);
  EXPECT_FALSE(packed.is_deflated);
  EXPECT_EQ(unpacked(packed, RowType::kF32, 40, 1000), zeros);
  PackedNumbers small{.bits = 32, .is_deflated = true, .bytes = deflated(packed.bytes, 6)};
  EXPECT_FALSE(unpacked_numbers(small, 40, 1000, RowType::kF32));
}

TEST(NumberPacking, RefusesWhatItDoesNotMake) {
  const PackedNumbers packed = packed_numbers(made_rows(RowType::kF32), kPushes, RowType::kF32);
  const auto refused = [](const PackedNumbers& numbers, RowType type, size_t rows = kRows) {
    return !unpacked_numbers(numbers, kPushes, rows, type);
  };
  EXPECT_FALSE(refused(packed, RowType::kF32));
  EXPECT_TRUE(refused(packed, RowType::kF32, kRows + 1));
  EXPECT_TRUE(refused(packed, RowType::kFlag));
  for (const int64_t bits : {0, 1, 16, 33, 64, -32}) {
    PackedNumbers other = packed;
    other.bits = bits;
    EXPECT_TRUE(refused(other, RowType::kF32)) << bits;
  }
  PackedNumbers other = packed;
  other.is_deflated = false;
  EXPECT_TRUE(refused(other, RowType::kF32));
  other = packed;
  other.bytes.pop_back();
  EXPECT_TRUE(refused(other, RowType::kF32));
  EXPECT_TRUE(refused({.bits = 1, .bytes = std::vector<std::byte>(65)}, RowType::kFlag)) << "a byte too few";
  EXPECT_TRUE(
      refused({.bits = 64, .bytes = std::vector<std::byte>(8 * 2 * kPushes * kRows)}, RowType::kTokens));
}

}  // namespace
}  // namespace tugline
