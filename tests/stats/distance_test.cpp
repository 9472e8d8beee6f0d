#include "tugline/stats/distance.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>

#include "support/made_records.h"

namespace tugline {
namespace {

// Rows from the pushed position on; the KL of row i is (i + 1) * scale * epsilon * (direction + 1).
UnitRecord unit_of(int64_t example, int64_t position, int64_t rows, double scale) {
  UnitRecord unit =
      bare_unit({.example = example, .span_kind = "anchor", .chunk = 0, .layer = 20}, {.position = position});
  for (int64_t i = 0; i < rows; ++i) unit.measured.rows.push_back(position + i);
  for (int32_t direction = 0; direction < 2; ++direction) {
    for (const double epsilon : {1.0, 2.0}) {
      ResponseRecord response{.direction = direction, .epsilon = epsilon};
      for (int64_t i = 0; i < rows; ++i)
        response.rows[kKl].push_back(static_cast<double>(i + 1) * scale * epsilon * (direction + 1));
      unit.measured.responses.push_back(response);
    }
  }
  return unit;
}

std::vector<DistancePoint> points_of(const std::vector<UnitRecord>& units) {
  DistanceBuilder builder;
  for (const UnitRecord& unit : units) builder.add(unit, unit.measured.responses);
  return builder.build(4);
}

TEST(Distance, IsTheRowLessThePush) {
  const std::vector<DistancePoint> points = points_of({unit_of(0, 10, 3, 1), unit_of(1, 40, 2, 3)});
  ASSERT_EQ(points.size(), 6U);  // two epsilons, three distances
  for (size_t i = 0; i < 6; ++i) {
    EXPECT_EQ(points[i].distance, static_cast<int64_t>(i % 3));
    EXPECT_EQ(points[i].point.epsilon, i < 3 ? 1 : 2);
    EXPECT_EQ(points[i].point.layer, 20);
  }
  // Means over directions: 1.5 (i + 1) scale epsilon; over the spans that have the row.
  EXPECT_DOUBLE_EQ(points[0].point.kl.mean, 1.5 * 2);
  EXPECT_DOUBLE_EQ(points[1].point.kl.mean, 1.5 * 2 * 2);
  EXPECT_DOUBLE_EQ(points[2].point.kl.mean, 1.5 * 3);
  EXPECT_DOUBLE_EQ(points[4].point.kl.mean, 2 * points[1].point.kl.mean);
  EXPECT_EQ(points[1].point.spans, 2);
  EXPECT_EQ(points[2].point.spans, 1);
  // Two examples, one span each: s / sqrt(2) of 1.5 and 4.5.
  EXPECT_DOUBLE_EQ(points[0].point.kl.standard_error.value(), 1.5);
}

// Rows before a moved push: negative distances, as they are.
TEST(Distance, MayBeNegative) {
  UnitRecord unit = unit_of(0, 10, 2, 1);
  unit.measured.position = 11;
  const std::vector<DistancePoint> points = points_of({unit});
  EXPECT_EQ(points.front().distance, -1);
}

TEST(Distance, WithoutUnitsThereIsNothing) { EXPECT_TRUE(points_of({}).empty()); }

RC_GTEST_PROP(Distance, DoesNotDependOnTheOrderOfUnits, ()) {
  std::vector<UnitRecord> units;
  const auto count = *rc::gen::inRange(1, 8);
  for (int i = 0; i < count; ++i)
    units.push_back(unit_of(i, *rc::gen::inRange<int64_t>(1, 50), *rc::gen::inRange<int64_t>(1, 9),
                            *rc::gen::inRange(1, 1000) / 7.0));
  std::vector<UnitRecord> shuffled = units;
  std::rotate(shuffled.begin(), shuffled.begin() + count / 2, shuffled.end());
  std::reverse(shuffled.begin() + count / 3, shuffled.end());
  const auto a = points_of(units);
  const auto b = points_of(shuffled);
  RC_ASSERT(a.size() == b.size());
  for (size_t i = 0; i < a.size(); ++i) {
    RC_ASSERT(a[i].distance == b[i].distance);
    RC_ASSERT(a[i].point.kl.mean == b[i].point.kl.mean);
    RC_ASSERT(a[i].point.kl.standard_error == b[i].point.kl.standard_error);
  }
}

}  // namespace
}  // namespace tugline
