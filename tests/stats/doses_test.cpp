#include "tugline/stats/doses.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <vector>

#include "support/made_grids.h"
#include "support/made_records.h"
#include "tugline/stats/quantile.h"

namespace tugline {
namespace {

// Examples of one anchor each, at one layer. KL = a_g c_j eps^2: each example and each push has a factor that
// is exp of a normal number with these standard deviations.
struct Spread {
  double of_examples = 0.3;
  double of_directions = 0.5;
};

ResponseGrid made_quadratics(int64_t examples, int32_t directions, uint64_t seed, Spread spread = {}) {
  ResponseGridBuilder builder;
  for (int64_t example = 0; example < examples; ++example) {
    UnitRecord unit = bare_unit({.example = example, .span_kind = "anchor", .chunk = 0, .layer = 5},
                                {.position = 9}, {10, 12});
    std::vector<double> normals(static_cast<size_t>(directions) + 1);
    fill_normals({.key = seed, .stream = static_cast<uint64_t>(example)}, normals);
    for (int32_t direction = 0; direction < directions; ++direction) {
      const double factor = std::exp(spread.of_examples * normals.back() +
                                     spread.of_directions * normals[static_cast<size_t>(direction)]);
      for (const double epsilon : {-4.0, -2.0, -1.0, 1.0, 2.0, 4.0})
        unit.measured.responses.push_back(kl_response(direction, epsilon, factor * epsilon * epsilon));
    }
    builder.add(unit, unit.measured.responses);
  }
  return builder.build();
}

DoseRow dose_in(const ResponseGrid& grid, double target, int64_t resamples) {
  return doses_of(grid, DirectionSet::kMain,
                  {.target = target, .bootstrap = {.resamples = resamples, .seed = 3}})
      .front();
}

// A quadratic curve reaches T at sqrt(T / coefficient), which falls with the coefficient. So the interval of
// the dose has the ends sqrt(T / high) and sqrt(T / low) of the resampled coefficients' interval. Those are
// the means at epsilon 1. (A quantile between two resamples is interpolated on either scale: hence the
// tolerance.)
TEST(Doses, TheIntervalOfAQuadraticIsThatOfItsCoefficient) {
  const ResponseGrid grid = made_quadratics(8, 3, 1);
  constexpr double kTarget = 5;
  const DoseRow row = dose_in(grid, kTarget, 2000);
  NestedSample sample{.groups = 1, .directions = grid.directions, .columns = grid.points()};
  for (const GridSpan& span : grid.spans)
    sample.spans.push_back({.example = span.key.example, .group = 0, .values = span.values});
  const BootstrapMeans means =
      bootstrap_means(sample, NestedWeight::kSpan, {.resamples = 2000, .seed = 3}, "dose");
  const std::vector<double> ends =
      quantiles(means.column(0, grid.point(0, 3)), std::array<double, 2>{0.025, 0.975});
  EXPECT_NEAR(*row.interval.low, std::sqrt(kTarget / ends[1]), 1e-3);
  EXPECT_NEAR(*row.interval.high, std::sqrt(kTarget / ends[0]), 1e-3);
  EXPECT_LT(*row.interval.low, row.dose.epsilon);
  EXPECT_GT(*row.interval.high, row.dose.epsilon);
  EXPECT_EQ(row.examples, 8);
}

// About 95 % of the intervals of 120 made runs, each of 20 examples, hold the true dose, which has the factor
// exp((0.3^2 + 0.5^2) / 2). Percentile intervals of 20 skewed values hold it a little less often. Four
// standard errors of a share of 120 are 0.08.
TEST(Doses, IntervalsHoldTheTrueDoseAsOftenAsTheySay) {
  constexpr double kTarget = 5;
  constexpr int kRuns = 120;
  const double truth = std::sqrt(kTarget / std::exp((0.09 + 0.25) / 2));
  int held = 0;
  for (int run = 0; run < kRuns; ++run) {
    const DoseRow row = dose_in(made_quadratics(20, 4, 100 + static_cast<uint64_t>(run)), kTarget, 200);
    held += *row.interval.low <= truth && truth <= *row.interval.high ? 1 : 0;
  }
  EXPECT_GT(held, 0.85 * kRuns);
  EXPECT_LT(held, 0.999 * kRuns) << "not too wide either";
}

// Nothing varies: the interval is the dose.
TEST(Doses, WithoutSpreadTheIntervalIsAPoint) {
  const ResponseGrid grid = made_quadratics(3, 2, 1, {.of_examples = 0, .of_directions = 0});
  for (const DoseRow& row :
       doses_of(grid, DirectionSet::kMain, {.target = 4, .bootstrap = {.resamples = 100}})) {
    const double sign = row.side == DoseSide::kPositive ? 1 : -1;
    EXPECT_NEAR(row.dose.epsilon, 2 * sign, 1e-9);
    EXPECT_NEAR(*row.interval.low, 2, 1e-9);
    EXPECT_NEAR(*row.interval.high, 2, 1e-9);
    EXPECT_EQ(row.resamples_beyond, 0);
  }
}

// Some resamples do not reach the target: they count as infinite, so the interval has no upper end.
TEST(Doses, AnIntervalThatLeavesTheMeasuredEpsilonsIsOpen) {
  const ResponseGrid grid = made_quadratics(6, 2, 4, {.of_examples = 1, .of_directions = 0.1});
  const double at_the_end = 16 * 0.9;  // KL at epsilon 4 is 16 times the coefficient
  double coefficient = 0;
  for (const GridSpan& span : grid.spans) coefficient += grid.mean_curve(span)[3] / 6;
  const DoseRow row = dose_in(grid, at_the_end * coefficient, 500);
  EXPECT_EQ(row.dose.place, Dose::Place::kMeasured);
  EXPECT_GT(row.resamples_beyond, 0.025);
  EXPECT_TRUE(row.interval.low);
  EXPECT_FALSE(row.interval.high);
}

}  // namespace
}  // namespace tugline
