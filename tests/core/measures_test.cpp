#include "tugline/core/measures.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>

namespace tugline {
namespace {

TEST(Measures, HaveNamesOfTheirOwn) {
  std::set<std::string> names;
  for (const Measure& measure : kMeasures) {
    EXPECT_TRUE(names.insert(std::string(measure.name)).second) << measure.name;
    EXPECT_TRUE(names.insert(measure.audit_column()).second) << measure.name;
    EXPECT_EQ(measure.has_mean(), measure.tokens == nullptr) << measure.name;
    EXPECT_EQ(measure.type == RowType::kTokens, !measure.has_mean()) << measure.name;
    EXPECT_LE(measure.f32_bound, measure.bf16_bound) << measure.name;
  }
  EXPECT_EQ(kMeasures[kKl].name, "kl");
}

TEST(Measures, KnowTheirBytes) {
  EXPECT_EQ(held_row_bytes({}), 7 * 8);
  EXPECT_EQ(held_row_bytes({.moved_tokens = 2}), (7 + 2 * 2 * 2) * 8);
}

// docs/method.md, "Precision".
RC_GTEST_PROP(Measures, RowsKeepTheirDigits, ()) {
  const double value =
      std::ldexp(*rc::gen::inRange(-1'000'000'007, 1'000'000'007), *rc::gen::inRange(-130, -25));
  const double size = std::abs(value);
  RC_ASSERT(std::abs(kept_row_value(RowType::kF32, value) - value) <= std::ldexp(size, -24));
  const double kept = kept_row_value(RowType::kRounded, value);
  RC_ASSERT(std::abs(kept - value) <= std::min(std::ldexp(size, -17), std::ldexp(1, -20)));
  RC_ASSERT(kept == kept_row_value(RowType::kRounded, kept));
  RC_ASSERT(kept == static_cast<double>(static_cast<float>(kept)));
}

TEST(Measures, RowsKeepWhatHasFewDigits) {
  for (const double value : {0.0, 1.0, -0.5, 3.25, 1e-300, -1e-45, 0x1.8001p-9, -0x1.8001p-9, 100.125}) {
    EXPECT_EQ(kept_row_value(RowType::kRounded, value), static_cast<float>(value)) << value;
    EXPECT_EQ(kept_row_value(RowType::kFlag, value), static_cast<float>(value)) << value;
  }
  EXPECT_EQ(kept_row_value(RowType::kRounded, 0x1.80014p-9), 0x1.8001p-9);
  EXPECT_TRUE(std::isnan(kept_row_value(RowType::kRounded, std::nan(""))));
}

}  // namespace
}  // namespace tugline
