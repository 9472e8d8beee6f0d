// What the tests of the operations on differences share: sizes of the differences, base and moved values in
// long double, and how near a result must be.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "backend/both_backends.h"

namespace tugline::test {

class DifferenceOperations : public testing::TestWithParam<double> {
 protected:
  [[nodiscard]] static double size() { return GetParam(); }  // of the differences; the bases are about 1

  // Errors are relative to `scale`: the largest expected element of the row that i is in, times `roundings`
  // of the backend.
  static void expect_difference(const std::vector<Long>& expected, const std::vector<double>& found,
                                int64_t columns, double allowed, const std::string& what) {
    ASSERT_EQ(found.size(), expected.size());
    for (size_t begin = 0; begin < found.size(); begin += static_cast<size_t>(columns)) {
      double scale = 0;
      for (size_t i = begin; i < begin + static_cast<size_t>(columns); ++i)
        scale = std::max(scale, static_cast<double>(std::abs(expected[i])));
      for (size_t i = begin; i < begin + static_cast<size_t>(columns); ++i)
        ASSERT_NEAR(found[i], static_cast<double>(expected[i]), allowed * scale + 1e-37)
            << what << " element " << i;
    }
  }

  Numbers numbers_{11};
  Both both_;
};

class BothBackends : public testing::Test {
 protected:
  Both both_;
};

// base + d, the base's rows repeated.
inline std::vector<Long> moved(const std::vector<double>& base, const std::vector<double>& d) {
  std::vector<Long> sum(d.size());
  for (size_t i = 0; i < d.size(); ++i)
    sum[i] = static_cast<Long>(base[i % base.size()]) + static_cast<Long>(d[i]);
  return sum;
}

inline std::vector<Long> minus(std::vector<Long> a, const std::vector<Long>& base) {
  for (size_t i = 0; i < a.size(); ++i) a[i] -= base[i % base.size()];
  return a;
}

}  // namespace tugline::test
