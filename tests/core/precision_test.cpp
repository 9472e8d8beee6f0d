#include "tugline/core/precision.h"

#include <gtest/gtest.h>

namespace tugline {
namespace {

TEST(Precision, NamesReadBack) {
  for (const Precision precision :
       {Precision::kF64, Precision::kF32, Precision::kBf16, Precision::kPlainBf16})
    EXPECT_EQ(precision_of(name_of(precision)), precision) << name_of(precision);
  EXPECT_EQ(name_of(Precision::kPlainBf16), "plain-bf16");
}

TEST(Precision, UnknownNamesAreNone) {
  for (const char* name : {"", "f16", "BF16", "bf16 ", "plain"})
    EXPECT_EQ(precision_of(name), std::nullopt) << name;
}

TEST(Precision, LabelWarnsOfNoiseOnlyWhereItIs) {
  EXPECT_EQ(precision_label("plain-bf16"), "plain-bf16 (values, rounding noise included)");
  EXPECT_EQ(precision_label("bf16"), "bf16");
  EXPECT_EQ(precision_label("of a later version"), "of a later version");
}

}  // namespace
}  // namespace tugline
