#include "tugline/files/dequantise.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include "files/build_bytes.h"
#include "tugline/files/gguf.h"

namespace tugline {
namespace {

// IEEE 754's own words for binary16, in double arithmetic.
double half_value(uint16_t bits) {
  const int exponent = (bits >> 10) & 31;
  const int mantissa = bits & 1023;
  const double magnitude =
      exponent == 0 ? std::ldexp(mantissa, -24) : std::ldexp(1024 + mantissa, exponent - 25);
  return (bits & 0x8000) != 0 ? -magnitude : magnitude;
}

TEST(HalfToFloat, IsExactForEveryHalf) {
  for (uint32_t bits = 0; bits < 0x10000; ++bits) {
    const float value = half_to_float(static_cast<uint16_t>(bits));
    if ((bits & 0x7fff) > 0x7c00) {
      EXPECT_TRUE(std::isnan(value)) << bits;
    } else if ((bits & 0x7fff) == 0x7c00) {
      EXPECT_TRUE(std::isinf(value)) << bits;
      EXPECT_EQ(std::signbit(value), bits >= 0x8000);
    } else {
      EXPECT_EQ(static_cast<double>(value), half_value(static_cast<uint16_t>(bits))) << bits;
      EXPECT_EQ(std::signbit(value), bits >= 0x8000) << bits;  // the two zeros are equal but not the same
    }
  }
}

// The file has each tensor X beside X.expected, its values by the format's reference package.
class Dequantise : public testing::TestWithParam<const char*> {
 protected:
  static const GgufFile& file() {
    static const GgufFile file = GgufFile::open(fixture("every_type.gguf"));
    return file;
  }
  static std::vector<float> expected() {
    const TensorView* tensor = file().find(std::string(GetParam()) + ".expected");
    std::vector<float> values(static_cast<size_t>(tensor->elements()));
    std::memcpy(values.data(), tensor->bytes.data(), tensor->bytes.size());
    return values;
  }
  static const TensorView& tensor() { return *file().find(GetParam()); }
};

void expect_same_bits(std::span<const float> found, std::span<const float> expected) {
  ASSERT_EQ(found.size(), expected.size());
  for (size_t i = 0; i < found.size(); ++i) {
    ASSERT_EQ(std::bit_cast<uint32_t>(found[i]), std::bit_cast<uint32_t>(expected[i]))
        << "element " << i << ": " << found[i] << ", expected " << expected[i];
  }
}

TEST_P(Dequantise, EqualsTheReferenceToTheBit) {
  EXPECT_EQ(name_of(tensor().dtype), GetParam());
  std::vector<float> found(static_cast<size_t>(tensor().elements()));
  dequantise(tensor(), 0, found);
  expect_same_bits(found, expected());
}

// Any run of whole blocks is that part of the whole.
TEST_P(Dequantise, ARangeIsAPartOfTheWhole) {
  const int64_t block = block_shape(tensor().dtype).elements;
  const std::vector<float> whole = expected();
  const auto size = static_cast<int64_t>(whole.size());
  for (const int64_t begin : {int64_t{0}, block, size - block, size}) {
    for (const int64_t count : {int64_t{0}, block, size - begin}) {
      if (count > size - begin) continue;
      std::vector<float> found(static_cast<size_t>(count));
      dequantise(tensor(), begin, found);
      expect_same_bits(found, std::span(whole).subspan(static_cast<size_t>(begin), found.size()));
    }
  }
}

INSTANTIATE_TEST_SUITE_P(EveryType, Dequantise,
                         testing::Values("F64", "F32", "F16", "BF16", "Q8_0", "Q4_0", "Q4_1", "Q5_0", "Q5_1",
                                         "Q2_K", "Q3_K", "Q4_K", "Q5_K", "Q6_K", "IQ4_NL", "IQ4_XS"),
                         [](const auto& instance) { return std::string(instance.param); });

}  // namespace
}  // namespace tugline
