#include "tugline/stats/contrasts.h"

#include <gtest/gtest.h>

#include "support/made_grids.h"
#include "support/made_records.h"

namespace tugline {
namespace {

constexpr BootstrapOptions kFew{.resamples = 400, .seed = 1};

UnitRecord unit_with(const char* kind, int64_t example, int64_t chunk, double kl, int32_t layer = 5) {
  UnitRecord unit = bare_unit({.example = example, .span_kind = kind, .chunk = chunk, .layer = layer},
                              {.position = 10 * (chunk + 1) - 1}, {10 * (chunk + 1), 10 * (chunk + 1) + 5});
  for (int32_t direction = 0; direction < 2; ++direction)
    unit.measured.responses.push_back(kl_response(direction, 1, kl * (direction == 0 ? 0.5 : 1.5)));
  return unit;
}

TEST(Contrasts, AnchorsAgainstTheOtherChunksByHand) {
  // Example 0: anchor 6 against (2 + 4) / 2; its own chunk's 100 is not compared. Example 1: 5 against 4.
  // Example 2 has no anchor, example 3 no other chunk. Differences 3 and 1: mean 2, standard error 1, t = 2
  // with one degree of freedom.
  const ResponseGrid grid =
      grid_of({unit_with("anchor", 0, 1, 6), unit_with("chunk", 0, 0, 2), unit_with("chunk", 0, 1, 100),
               unit_with("chunk", 0, 2, 4), unit_with("anchor", 1, 0, 5), unit_with("chunk", 1, 1, 4),
               unit_with("chunk", 2, 0, 50), unit_with("anchor", 3, 0, 70), unit_with("chunk", 3, 0, 70)});
  const std::vector<Contrast> contrasts = kind_contrasts(grid, kFew);
  ASSERT_EQ(contrasts.size(), 1U);
  const Contrast& contrast = contrasts[0];
  EXPECT_EQ(contrast.span_kind, "anchor");
  EXPECT_EQ(contrast.against_kind, "chunk");
  EXPECT_DOUBLE_EQ(contrast.difference.mean, 2);
  EXPECT_DOUBLE_EQ(contrast.difference.standard_error.value(), 1);
  EXPECT_NEAR(contrast.p_value.value(), 0.29516723530086653, 1e-14);  // 1 - 2 atan(2) / pi
  EXPECT_DOUBLE_EQ(contrast.ratio.value(), 11.0 / 7);
  EXPECT_FALSE(contrast.ratio_t.low || contrast.ratio_t.high) << "two examples do not tell 3.5 from 0";
  EXPECT_EQ(contrast.pairs, 2);
  EXPECT_EQ(contrast.larger, 2);
  EXPECT_LT(contrast.bootstrap.low.value(), 2);
  EXPECT_GT(contrast.bootstrap.high.value(), 2);
}

TEST(AnchorPairs, AreThePairsOfTheContrast) {
  // As above; example 0 has two anchors, 6 and 2.
  const ResponseGrid grid =
      grid_of({unit_with("anchor", 0, 1, 6), unit_with("anchor", 0, 4, 2), unit_with("chunk", 0, 0, 2),
               unit_with("chunk", 0, 1, 100), unit_with("chunk", 0, 2, 4), unit_with("anchor", 1, 0, 5),
               unit_with("chunk", 1, 1, 4), unit_with("chunk", 2, 0, 50)});
  const std::vector<AnchorPair> pairs = anchor_pairs(grid, "chunk", grid.point(0, 0));
  ASSERT_EQ(pairs.size(), 2U);
  EXPECT_EQ(pairs[0].example, 0);
  EXPECT_DOUBLE_EQ(pairs[0].anchor, 4);
  EXPECT_DOUBLE_EQ(pairs[0].other, 3);
  EXPECT_EQ(pairs[1].example, 1);
  EXPECT_DOUBLE_EQ(pairs[1].anchor, 5);
  EXPECT_DOUBLE_EQ(pairs[1].other, 4);
  const Contrast contrast = kind_contrasts(grid).at(0);
  EXPECT_DOUBLE_EQ(contrast.difference.mean, 1);
  EXPECT_TRUE(anchor_pairs(grid, "control_matched", grid.point(0, 0)).empty());
}

// The point chooses the layer and the epsilon.
TEST(AnchorPairs, AreOfOnePoint) {
  const ResponseGrid grid = grid_of({unit_with("anchor", 0, 1, 6, 5), unit_with("anchor", 0, 1, 9, 7),
                                     unit_with("chunk", 0, 0, 2, 5), unit_with("chunk", 0, 0, 3, 7)});
  EXPECT_DOUBLE_EQ(anchor_pairs(grid, "chunk", grid.point(1, 0)).at(0).anchor, 9);
  EXPECT_DOUBLE_EQ(anchor_pairs(grid, "chunk", grid.point(1, 0)).at(0).other, 3);
}

// 6, 5, 7, 9 over 3, 4, 4, 5: at both ends the mean of first - rho second is t = 3.182446... of its standard
// errors from 0.
TEST(Contrasts, TheRatiosIntervalIsByTheSameT) {
  std::vector<UnitRecord> units;
  const std::vector<double> anchors{6, 5, 7, 9};
  const std::vector<double> chunks{3, 4, 4, 5};
  for (size_t i = 0; i < anchors.size(); ++i) {
    units.push_back(unit_with("anchor", static_cast<int64_t>(i), 0, anchors[i]));
    units.push_back(unit_with("chunk", static_cast<int64_t>(i), 1, chunks[i]));
  }
  const Contrast contrast = kind_contrasts(grid_of(units), kFew).at(0);
  EXPECT_NEAR(contrast.ratio_t.low.value(), 1.204378321534138, 1e-9);
  EXPECT_NEAR(contrast.ratio_t.high.value(), 2.214850124426441, 1e-9);
}

TEST(Contrasts, WorkForAnyOtherKind) {
  // A control at the anchor's own chunk but another position is compared; kinds are contrasted one by one.
  UnitRecord moved = unit_with("control_offset", 0, 1, 2);
  moved.measured.position -= 4;
  const ResponseGrid grid =
      grid_of({unit_with("anchor", 0, 1, 6), moved, unit_with("control_random", 0, 4, 3)});
  const std::vector<Contrast> contrasts = kind_contrasts(grid, kFew);
  ASSERT_EQ(contrasts.size(), 2U);
  EXPECT_EQ(contrasts[0].against_kind, "control_offset");
  EXPECT_DOUBLE_EQ(contrasts[0].difference.mean, 4);
  EXPECT_FALSE(contrasts[0].difference.standard_error) << "one pair";
  EXPECT_EQ(contrasts[1].against_kind, "control_random");
  EXPECT_DOUBLE_EQ(contrasts[1].ratio.value(), 2);
}

TEST(Contrasts, NoPairsNoContrast) {
  EXPECT_TRUE(kind_contrasts(grid_of({unit_with("chunk", 0, 0, 1)}), kFew).empty());
  EXPECT_TRUE(
      kind_contrasts(grid_of({unit_with("anchor", 0, 0, 1), unit_with("chunk", 1, 0, 1)}), kFew).empty());
}

TEST(Contrasts, LayersArePairedAtTheSameSpans) {
  // Layer 9 is exactly twice layer 5: the ratio has no spread but the directions', which differ between
  // layers.
  std::vector<UnitRecord> units;
  for (int64_t example = 0; example < 3; ++example)
    for (const int32_t layer : {5, 9})
      units.push_back(
          unit_with("chunk", example, 0, (layer == 9 ? 2.0 : 1.0) * static_cast<double>(example + 1), layer));
  const ResponseGrid grid = grid_of(units);
  const std::vector<Contrast> contrasts = layer_contrasts(grid, bootstrap_by_kind(grid, kFew));
  ASSERT_EQ(contrasts.size(), 1U);
  const Contrast& contrast = contrasts[0];
  EXPECT_EQ(contrast.layer, 5);
  EXPECT_EQ(contrast.against_layer, 9);
  EXPECT_DOUBLE_EQ(contrast.difference.mean, -2);  // of -1, -2, -3: standard error 1 / sqrt(3)
  EXPECT_DOUBLE_EQ(contrast.difference.standard_error.value(), 1 / std::sqrt(3));
  EXPECT_EQ(contrast.ratio, 0.5);
  // The same resamples of spans and directions on both sides.
  EXPECT_EQ(contrast.ratio_interval.low, 0.5);
  EXPECT_EQ(contrast.ratio_interval.high, 0.5);
  EXPECT_EQ(contrast.pairs, 3);
  EXPECT_EQ(contrast.larger, 0);
}

TEST(Contrasts, ExactZerosHaveNoRatio) {
  const ResponseGrid grid = grid_of({unit_with("anchor", 0, 0, 0), unit_with("chunk", 0, 1, 0)});
  const Contrast contrast = kind_contrasts(grid, kFew).at(0);
  EXPECT_EQ(contrast.difference.mean, 0);
  EXPECT_FALSE(contrast.ratio || contrast.ratio_interval.low || contrast.p_value);
}

}  // namespace
}  // namespace tugline
