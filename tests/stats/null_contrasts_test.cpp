#include "tugline/stats/null_contrasts.h"

#include <gtest/gtest.h>

#include "support/made_grids.h"
#include "support/made_records.h"

namespace tugline {
namespace {

// An anchor whose directions have these KLs at epsilon 1.
UnitRecord unit_of(int64_t example, const std::vector<double>& kls) {
  UnitRecord unit =
      bare_unit({.example = example, .span_kind = "anchor", .chunk = 1, .layer = 5}, {}, {10, 15});
  for (size_t i = 0; i < kls.size(); ++i)
    unit.measured.responses.push_back(kl_response(static_cast<int32_t>(i), 1, kls[i]));
  return unit;
}

TEST(NullContrasts, OfTwoVectorsByHand) {
  const ResponseGrid vectors = grid_of({unit_of(0, {6, 1}), unit_of(1, {8, 3})});
  // Means over the examples: 2, 4, 7 and 3; over the directions: 2 and 6 in the two examples.
  const ResponseGrid null = grid_of({unit_of(0, {1, 2, 4, 1}), unit_of(1, {3, 6, 10, 5})});
  const std::vector<NullContrast> contrasts = null_contrasts(vectors, null);
  ASSERT_EQ(contrasts.size(), 2U);
  const NullContrast& first = contrasts[0];
  EXPECT_EQ(first.kl, 7);
  EXPECT_EQ(first.null_kl, 4);
  EXPECT_DOUBLE_EQ(first.null_low, 2 + 0.075);  // of 2, 3, 4, 7 at 3 x 0.025
  EXPECT_DOUBLE_EQ(first.null_high, 7 - 0.225);
  EXPECT_EQ(first.difference.mean, 3);  // of 6 - 2 and 8 - 6
  EXPECT_DOUBLE_EQ(first.difference.standard_error.value(), 1);
  EXPECT_EQ(first.null_as_large, 1) << "as large counts";
  EXPECT_EQ(first.null_as_small, 4);
  EXPECT_DOUBLE_EQ(first.p_value, 4.0 / 5);
  EXPECT_EQ(first.spans, 2);
  EXPECT_EQ(contrasts[1].direction, 1);
  EXPECT_EQ(contrasts[1].null_as_large, 4);
  EXPECT_EQ(contrasts[1].null_as_small, 1) << "as small counts";
  EXPECT_DOUBLE_EQ(contrasts[1].p_value, 4.0 / 5);
}

// A vector that does less than every random direction is as far out as one that does more.
TEST(NullContrasts, ThePValueIsTwoSided) {
  const std::vector<NullContrast> contrasts =
      null_contrasts(grid_of({unit_of(0, {0.5, 9, 2.5})}), grid_of({unit_of(0, {1, 2, 3, 4})}));
  ASSERT_EQ(contrasts.size(), 3U);
  EXPECT_DOUBLE_EQ(contrasts[0].p_value, 2.0 / 5);
  EXPECT_DOUBLE_EQ(contrasts[1].p_value, 2.0 / 5);
  EXPECT_EQ(contrasts[2].p_value, 1) << "in the middle: never above 1";
}

TEST(NullContrasts, OnlySpansThatBothHave) {
  const ResponseGrid vectors = grid_of({unit_of(0, {6}), unit_of(1, {8})});
  const std::vector<NullContrast> contrasts = null_contrasts(vectors, grid_of({unit_of(1, {1, 2})}));
  ASSERT_EQ(contrasts.size(), 1U);
  EXPECT_EQ(contrasts[0].kl, 8);
  EXPECT_FALSE(contrasts[0].difference.standard_error);
}

TEST(NullContrasts, NoneWithoutRandomDirections) {
  EXPECT_TRUE(null_contrasts(grid_of({unit_of(0, {6})}), {}).empty());
  EXPECT_TRUE(null_contrasts(grid_of({unit_of(0, {6})}), grid_of({unit_of(0, {})})).empty());
}

}  // namespace
}  // namespace tugline
