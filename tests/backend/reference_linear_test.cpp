// The reference backend's matrix product, the one loop of it that is not plain, against one that is.
#include <gtest/gtest.h>
#include <omp.h>

#include <atomic>
#include <stdexcept>

#include "backend/both_backends.h"

namespace tugline::test {
namespace {

// In f64: half its spacing at 1.
constexpr double kUnit64 = 0x1p-53;

struct Shape {
  int64_t rows;
  int64_t in;
  int64_t out;
};

class ReferenceLinear : public testing::TestWithParam<Shape> {
 protected:
  Shape shape_ = GetParam();
  Numbers numbers_{7};
  std::vector<double> x_ = numbers_.normals(shape_.rows * shape_.in);
  std::vector<double> weight_ = numbers_.normals(shape_.out * shape_.in);
  std::vector<double> bias_ = numbers_.normals(shape_.out);
  std::unique_ptr<Backend> backend_ = make_reference_backend();

  [[nodiscard]] std::vector<double> product(int64_t rows) const {
    const auto weight = backend_->make_linear(source_of(weight_, shape_.out, shape_.in, bias_));
    const Slice x(*backend_, x_, shape_.in);
    const Slice out(*backend_, rows, shape_.out);
    backend_->linear(x.view().row_range(0, rows), *weight, out.view(), Accumulate::kNo);
    return out.values();
  }
};

// Each sum of `in` products and a bias is off by in + 1 roundings, relative to its terms' magnitudes; the
// plain one by as many.
TEST_P(ReferenceLinear, IsThePlainLoop) {
  const std::vector<double> found = product(shape_.rows);
  for (int64_t r = 0; r < shape_.rows; ++r) {
    for (int64_t o = 0; o < shape_.out; ++o) {
      double sum = 0;
      double magnitude = 0;
      for (int64_t i = 0; i < shape_.in; ++i) {
        const double term =
            x_[static_cast<size_t>(r * shape_.in + i)] * weight_[static_cast<size_t>(o * shape_.in + i)];
        sum += term;
        magnitude += std::abs(term);
      }
      sum += bias_[static_cast<size_t>(o)];
      magnitude += std::abs(bias_[static_cast<size_t>(o)]);
      ASSERT_NEAR(found[static_cast<size_t>(r * shape_.out + o)], sum,
                  2 * static_cast<double>(shape_.in + 1) * kUnit64 * magnitude)
          << "row " << r << ", output " << o;
    }
  }
}

TEST_P(ReferenceLinear, SameBitsForAnyThreadsAndBatch) {
  const int threads = omp_get_max_threads();
  const std::vector<double> all = product(shape_.rows);
  omp_set_num_threads(3);
  EXPECT_EQ(product(shape_.rows), all);
  omp_set_num_threads(threads);
  const std::vector<double> first = product(1);
  EXPECT_TRUE(std::equal(first.begin(), first.end(), all.begin()));
}

// Panels, tiles and parts of the inputs that are full and that are not; more rows than one panel, more
// outputs than one tile.
INSTANTIATE_TEST_SUITE_P(Shapes, ReferenceLinear,
                         testing::Values(Shape{1, 1, 1}, Shape{3, 5, 7}, Shape{16, 256, 64},
                                         Shape{25, 576, 130}, Shape{40, 1000, 65}, Shape{17, 20000, 9}));

// Nothing is kept of a weight: it is read when it is used, and an error in reading comes out of the parallel
// loop.
TEST(ReferenceLinear, ReadsItsWeightEachTime) {
  const auto backend = make_reference_backend();
  std::atomic<int> reads = 0;
  const auto weight = backend->make_linear({.out = 2,
                                            .in = 3,
                                            .fill_rows =
                                                [&](int64_t, std::span<float> out) {
                                                  if (++reads > 2) throw std::runtime_error("damaged");
                                                  std::fill(out.begin(), out.end(), 1.0F);
                                                },
                                            .bias = {}});
  EXPECT_EQ(reads, 0);
  const Slice x(*backend, {1, 2, 4}, 3);
  const Slice out(*backend, 1, 2);
  for (int i = 1; i <= 2; ++i) {
    backend->linear(x.view(), *weight, out.view(), Accumulate::kNo);
    EXPECT_EQ(reads, i);
    EXPECT_EQ(out.values(), (std::vector<double>{7, 7}));
  }
  EXPECT_THROW(backend->linear(x.view(), *weight, out.view(), Accumulate::kNo), std::runtime_error);
}

}  // namespace
}  // namespace tugline::test
