#include "tugline/stats/response_grid.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "support/made_grids.h"
#include "support/made_records.h"

namespace tugline {
namespace {

TEST(ResponseGrid, HoldsEveryPushAtItsPlace) {
  const std::vector<UnitRecord> units = made_grid_units();
  const ResponseGrid grid = grid_of(units);
  EXPECT_EQ(grid.layers, (std::vector<int32_t>{5, 9}));
  EXPECT_EQ(grid.epsilons, (std::vector<double>{0, 1, 2, 3, 4, 8}));
  EXPECT_EQ(grid.directions, 4);
  EXPECT_EQ(grid.spans.size(), 4U + 15U);
  EXPECT_EQ(grid.span_kinds(), (std::vector<std::string>{"anchor", "chunk"}));
  EXPECT_TRUE(grid.incomplete.empty());
  size_t seen = 0;
  for (const UnitRecord& unit : units) {
    const auto span = std::find_if(grid.spans.begin(), grid.spans.end(),
                                   [&](const GridSpan& s) { return s.key == span_of(unit.key); });
    ASSERT_NE(span, grid.spans.end());
    EXPECT_EQ(span->tokens, unit.span);
    EXPECT_EQ(span->position, unit.measured.position);
    for (const ResponseRecord& r : unit.measured.responses) {
      const auto epsilon = static_cast<size_t>(
          std::find(grid.epsilons.begin(), grid.epsilons.end(), r.epsilon) - grid.epsilons.begin());
      const size_t point = grid.point(unit.key.layer == 9 ? 1 : 0, epsilon);
      EXPECT_EQ(grid.over_directions(*span, point).at(static_cast<size_t>(r.direction)), r.kl());
      ++seen;
    }
  }
  EXPECT_EQ(seen, 2U * 19 * 24);
}

TEST(ResponseGrid, MeansAreOverDirections) {
  const UnitRecord unit = bare_unit({.span_kind = "chunk", .chunk = 0, .layer = 3},
                                    {.responses = {kl_response(0, 1, 1), kl_response(1, 1, 3)}});
  const ResponseGrid grid = grid_of({unit});
  EXPECT_EQ(grid.mean_curve(grid.spans.at(0)), std::vector<double>{2});
}

TEST(ResponseGrid, WhatIsUnfinishedIsNamedAndLeftOut) {
  std::vector<UnitRecord> units = made_grid_units();
  const UnitKey without_layer = span_of(units.back().key);
  units.pop_back();
  units.front().measured.responses.pop_back();
  const ResponseGrid grid = grid_of(units);
  EXPECT_EQ(grid.spans.size(), 17U);
  EXPECT_EQ(grid.incomplete, (std::vector<UnitKey>{span_of(units.front().key), without_layer}));
}

// A control that is at a sink at one layer is left out at all of them, and is not unfinished.
TEST(ResponseGrid, ControlsAtSinksAreCountedApart) {
  std::vector<UnitRecord> units = made_grid_units();
  for (const int32_t layer : {5, 9})
    units.push_back(
        made_grid_unit({.example = 0, .span_kind = "control_window", .chunk = 0, .layer = layer}, 1));
  units.back().measured.responses.clear();
  units.back().sink = true;
  units[0].sink = true;  // an anchor's sink is measured, and counts
  const ResponseGrid grid = grid_of(units);
  EXPECT_EQ(grid.spans.size(), 19U);
  EXPECT_EQ(grid.at_sinks, (std::vector<UnitKey>{span_of(units.back().key)}));
  EXPECT_TRUE(grid.incomplete.empty());
}

}  // namespace
}  // namespace tugline
