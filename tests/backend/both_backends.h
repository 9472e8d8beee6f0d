// The CPU backend beside the reference backend: the same f32 numbers in both, and what each makes of them.
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "tugline/backend/backend.h"

namespace tugline::test {

// Half an f32's spacing at 1: the relative error of one rounding. A sum of n products in any order is within
// n * kUnit * (sum of their absolute values), to first order (Higham, Accuracy and Stability, 3.1).
inline constexpr double kUnit = 0x1p-24;
inline constexpr double kF64Unit = 0x1p-53;  // the same of f64

// What differences that cancel in f64 are computed in.
using Long = long double;

class Numbers {
 public:
  explicit Numbers(uint32_t seed) : generator_(seed) {}

  // Normals that f32 holds exactly, so that both backends start from the same numbers.
  std::vector<double> normals(int64_t count, double scale = 1.0) {
    std::normal_distribution<double> normal(0.0, scale);
    std::vector<double> values(static_cast<size_t>(count));
    for (double& v : values) v = static_cast<float>(normal(generator_));
    return values;
  }
  int64_t between(int64_t low, int64_t high) {
    return std::uniform_int_distribution<int64_t>(low, high)(generator_);
  }
  template <typename T>
  T one_of(std::initializer_list<T> choices) {
    return choices.begin()[between(0, static_cast<int64_t>(choices.size()) - 1)];
  }

 private:
  std::mt19937 generator_;
};

inline LinearSource source_of(const std::vector<double>& weight, int64_t out, int64_t in,
                              std::vector<double> bias = {}) {
  LinearSource source{.out = out, .in = in, .fill_rows = {}, .bias = {bias.begin(), bias.end()}};
  source.fill_rows = [weight, in](int64_t begin, std::span<float> to) {
    for (size_t i = 0; i < to.size(); ++i)
      to[i] = static_cast<float>(weight[static_cast<size_t>(begin * in) + i]);
  };
  return source;
}

// Columns [begin, begin + columns) of a wider buffer, as the views of q, k and v are. What lies outside is
// filled with NaN, which shows in any result that reads it.
class Slice {
 public:
  Slice(Backend& backend, int64_t rows, int64_t columns, int64_t before = 0, int64_t after = 0)
      : backend_(backend), buffer_(backend.allocate(rows, before + columns + after)) {
    const std::vector<double> nothing(static_cast<size_t>(rows * (before + columns + after)), std::nan(""));
    backend.upload(nothing, buffer_->matrix());
    view_ = buffer_->matrix().column_range(before, columns);
  }
  Slice(Backend& backend, const std::vector<double>& values, int64_t columns, int64_t before = 0,
        int64_t after = 0)
      : Slice(backend, static_cast<int64_t>(values.size()) / columns, columns, before, after) {
    backend.upload(values, view_);
  }
  [[nodiscard]] const Matrix& view() const { return view_; }
  [[nodiscard]] std::vector<double> values() const { return backend_.download(view_); }

 private:
  Backend& backend_;
  std::unique_ptr<Buffer> buffer_;
  Matrix view_;
};

struct Both {
  std::unique_ptr<Backend> reference = make_reference_backend();
  std::unique_ptr<Backend> cpu = make_cpu_backend();

  // What `work` downloads from the reference backend and from the CPU backend.
  struct Results {
    std::vector<double> expected;
    std::vector<double> found;
  };
  Results run(const std::function<std::vector<double>(Backend&)>& work) const {
    return {work(*reference), work(*cpu)};
  }
};

// |found - expected| <= bound(i) at each element, NaN never; says the worst place.
inline void expect_within(const Both::Results& results, const std::function<double(size_t)>& bound,
                          const std::string& what) {
  ASSERT_EQ(results.found.size(), results.expected.size()) << what;
  for (size_t i = 0; i < results.found.size(); ++i) {
    const double error = std::abs(results.found[i] - results.expected[i]);
    ASSERT_LE(error, bound(i)) << what << ", element " << i << ": expected " << results.expected[i]
                               << ", found " << results.found[i];
  }
}

}  // namespace tugline::test
