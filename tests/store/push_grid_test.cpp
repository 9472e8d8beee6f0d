// Which pushes a unit lacks: every push of what is wanted is in one grid, of what is there or of what is
// missing.
#include "tugline/store/push_grid.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cmath>
#include <limits>
#include <set>
#include <utility>

namespace tugline {
namespace {

TEST(PushGrid, MissingIsWhatNoPartHas) {
  const PushGrid wanted{{0, 1, 2, 3}, {0, 0.5, 1}};
  EXPECT_EQ(missing_grids(wanted, {}), std::vector<PushGrid>{wanted});
  EXPECT_TRUE(missing_grids(wanted, {{.grid = wanted}}).empty());
  EXPECT_TRUE(missing_grids(wanted, {{.grid = {{0, 1, 2, 3, 4}, {0, 0.5, 1, 2}}}}).empty());
  // More epsilons and more directions at once.
  const UnitParts corner{{.grid = {{0, 1}, {0, 0.5}}}};
  const std::vector<PushGrid> missing = missing_grids(wanted, corner);
  EXPECT_EQ(missing, (std::vector<PushGrid>{{{0, 1, 2, 3}, {1}}, {{2, 3}, {0, 0.5}}}));
}

RC_GTEST_PROP(PushGrid, EveryPushIsInOneGrid, ()) {
  const auto numbers = [](int most) {
    std::set<int32_t> set;
    for (int i = 0; i < most; ++i)
      if (*rc::gen::arbitrary<bool>()) set.insert(i);
    return std::vector<int32_t>(set.begin(), set.end());
  };
  const auto grid = [&] {
    const std::vector<int32_t> epsilons = numbers(5);
    return PushGrid{numbers(5), {epsilons.begin(), epsilons.end()}};
  };
  const PushGrid wanted = grid();
  UnitParts parts{{.grid = grid()}, {.grid = grid()}};
  const std::vector<PushGrid> missing = missing_grids(wanted, parts);
  for (const int32_t direction : wanted.directions)
    for (const double epsilon : wanted.epsilons) {
      int there = 0;
      for (const MeasuredPart& part : parts) there += part.grid.holds(direction, epsilon) ? 1 : 0;
      int lacking = 0;
      for (const PushGrid& one : missing) lacking += one.holds(direction, epsilon) ? 1 : 0;
      RC_ASSERT(lacking == (there > 0 ? 0 : 1));
    }
}

TEST(PushGrid, TextsReadBackToTheBit) {
  const PushGrid grid{{0, 7, 100000}, {-2, -0.1, 0, 1e-300, 0.1 + 0.2, 1.0 / 3, 1e300}};
  EXPECT_EQ(parse_grid(text_of(grid.directions), text_of(grid.epsilons)), grid);
  EXPECT_EQ(parse_grid("", ""), PushGrid());
  for (const char* text : {"1,0", "0,0", "0,", ",0", "x", "0 ,1", "inf", "nan", "1e999", "0;1"})
    EXPECT_EQ(parse_grid("0", text), std::nullopt) << text;
  EXPECT_EQ(parse_grid("0.5", "1"), std::nullopt);
  EXPECT_EQ(parse_grid("0", ""), std::nullopt);
}

}  // namespace
}  // namespace tugline
