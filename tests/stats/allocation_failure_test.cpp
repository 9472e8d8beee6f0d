// Memory that runs out while samples are drawn again: an Error each time.
#include <gtest/gtest.h>

#include <vector>

#include "support/failing_allocations.h"
#include "tugline/stats/nested_bootstrap.h"
#include "tugline/stats/permutation_test.h"

namespace tugline::test {
namespace {

TEST(AllocationFailures, WhileResamplesAreDrawn) {
  const std::vector<std::vector<double>> values{{1, 2}, {3, 5}, {2, 2}};
  NestedSample sample{.groups = 1, .directions = 2, .columns = 1};
  for (size_t i = 0; i < values.size(); ++i)
    sample.spans.push_back({.example = static_cast<int64_t>(i), .values = values[i]});
  EXPECT_GT(fail_each_parallel_allocation([&] {
              (void)bootstrap_means(sample, NestedWeight::kSpan, {.resamples = 50, .seed = 1}, "test");
            }),
            0);
}

TEST(AllocationFailures, WhileNumbersArePermuted) {
  const std::vector<double> x{1, 5, 2, 8, 3, 9, 4};
  const std::vector<double> y{2, 3, 1, 7, 9, 4, 5};
  const std::vector<int64_t> examples{0, 0, 0, 1, 1, 1, 1};
  EXPECT_GT(fail_each_parallel_allocation(
                [&] { (void)permutation_p_value(x, y, examples, {.permutations = 50}, "test"); }),
            0);
}

}  // namespace
}  // namespace tugline::test
