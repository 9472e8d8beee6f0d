// What a sweep still measures and audits at a unit of which the run has some parts.
#include "tugline/probe/growth.h"

#include <gtest/gtest.h>

namespace tugline::test {
namespace {

SweepOptions options(int64_t audit = 0) {
  SweepOptions options;
  options.pushes.epsilons = {2, 0, 0.5};
  options.pushes.directions = 3;
  options.audit = audit;
  return options;
}

PushGrid grid(std::vector<int32_t> directions, std::vector<double> epsilons) {
  return {.directions = std::move(directions), .epsilons = std::move(epsilons)};
}

TEST(MissingWork, OfANewUnitIsTheWholeGrid) {
  const MissingWork work = missing_work(options(4), {}, true);
  EXPECT_EQ(work.grids, std::vector<PushGrid>{whole_grid(options().pushes)});
  EXPECT_TRUE(work.audits.empty()) << "a grid that is measured is audited at once";
}

TEST(MissingWork, IsThePushesThatNoPartHas) {
  const UnitParts parts{{.grid = grid({0, 1}, {0, 0.5})}};
  EXPECT_EQ(missing_work(options(), parts, true).grids,
            (std::vector<PushGrid>{grid({0, 1, 2}, {2}), grid({2}, {0, 0.5})}));
}

// A control at a sink token has no pushes, and never will.
TEST(MissingWork, IsNothingAtASink) { EXPECT_TRUE(missing_work(options(4), {{}}, true).empty()); }

// The first part has two pushes that can be audited, and one of them is. The second has the three audited
// pushes that are asked for.
TEST(MissingWork, AuditsWhatIsNotAuditedYet) {
  const UnitParts parts{{.grid = grid({0, 1}, {0, 0.5}), .audited = 1},
                        {.grid = grid({0, 1, 2}, {2}), .audited = 3},
                        {.grid = grid({2}, {0, 0.5, 4}), .audited = 1},
                        {.grid = grid({7}, {0.5, 2}), .audited = 0}};
  const MissingWork work = missing_work(options(3), parts, true);
  EXPECT_TRUE(work.grids.empty());
  ASSERT_EQ(work.audits.size(), 2U) << "nothing of the part that shares no push with the sweep";
  for (size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(work.audits[i].part, 2 * i);
    EXPECT_EQ(work.audits[i].range.begin, 1);
    EXPECT_EQ(work.audits[i].range.end, 2);
  }
  EXPECT_TRUE(missing_work(options(3), parts, false).audits.empty()) << "out of reach";
}

}  // namespace
}  // namespace tugline::test
