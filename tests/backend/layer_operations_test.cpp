// Norm, rotation, activation and linear map: CPU against reference, within bounds that follow from each one's
// own arithmetic.
#include <gtest/gtest.h>

#include <algorithm>
#include <complex>
#include <stdexcept>

#include "backend/both_backends.h"

namespace tugline::test {
namespace {

struct RotatedHead {
  size_t dim;
  size_t half;  // of the columns that are rotated
};

// The reference's rotation against complex multiplication by e^(i angle); columns after the rotated ones
// stay.
void expect_rotated(const std::vector<double>& x, const std::vector<double>& angles, const RowLayout& layout,
                    const std::vector<double>& rotated, int64_t columns, const RotatedHead& head) {
  const auto [dim, half] = head;
  for (size_t i = 0; i < x.size(); ++i) {
    if (i % dim >= 2 * half) {
      ASSERT_EQ(rotated[i], x[i]);
    }
    if (i % dim >= half) continue;
    const auto row = static_cast<int64_t>(i) / columns;
    const auto position = static_cast<size_t>(layout.first_position + row % layout.rows);
    const auto turned =
        std::complex<double>(x[i], x[i + half]) * std::polar(1.0, angles[position * half + i % dim]);
    ASSERT_NEAR(rotated[i], turned.real(), 1e-14 * (1 + std::abs(turned)));
    ASSERT_NEAR(rotated[i + half], turned.imag(), 1e-14 * (1 + std::abs(turned)));
  }
}

class LayerOperations : public testing::TestWithParam<uint32_t> {
 protected:
  Numbers numbers_{GetParam()};
  Both both_;
};

// Relative to the result: the sum of n squares is off by n roundings, half of that after the root; then mean,
// eps, root, quotient and two products.
TEST_P(LayerOperations, RmsNorm) {
  const int64_t n = numbers_.one_of<int64_t>({1, 13, 24, 80, 96, 200, 576});
  const int64_t heads = numbers_.between(1, 3);
  const int64_t rows = numbers_.between(1, 30);
  const double eps = numbers_.one_of({1e-6, 1e-5, 0.5});
  const auto x = numbers_.normals(rows * heads * n, numbers_.one_of({1e-3, 1.0, 300.0}));
  const auto weight = numbers_.normals(n);
  const auto results = both_.run([&](Backend& b) {
    const Slice in(b, x, heads * n, 3, 5);
    const Slice out(b, rows, heads * n, 1, 2);
    b.rms_norm(in.view(), Slice(b, weight, n).view(), eps, out.view());
    b.rms_norm(in.view(), Slice(b, weight, n).view(), eps, in.view());
    EXPECT_EQ(in.values(), out.values()) << "in place";
    return out.values();
  });
  const double relative = (static_cast<double>(n) / 2 + 6) * kUnit;
  expect_within(
      results, [&](size_t i) { return relative * std::abs(results.expected[i]) + 1e-40; }, "rms_norm");
}

// Every centred element is off by the mean's n roundings and its own; those of the norm come on top, relative
// to the largest normed element, and the bias's addition.
TEST_P(LayerOperations, LayerNorm) {
  const int64_t n = numbers_.one_of<int64_t>({2, 13, 24, 80, 200, 576});
  const int64_t rows = numbers_.between(1, 30);
  const double eps = numbers_.one_of({1e-6, 1e-5, 0.5});
  const double size = numbers_.one_of({1e-3, 1.0, 300.0});
  auto x = numbers_.normals(rows * n, size);
  const double mean = numbers_.one_of({0.0, 3 * size});
  for (double& v : x) v = static_cast<float>(v + mean);
  const auto weight = numbers_.normals(n);
  const auto bias = numbers_.normals(n);
  const auto results = both_.run([&](Backend& b) {
    const Slice in(b, x, n, 3, 5);
    const Slice out(b, rows, n, 1, 2);
    b.layer_norm(in.view(), Slice(b, weight, n).view(), Slice(b, bias, n).view(), eps, out.view());
    b.layer_norm(in.view(), Slice(b, weight, n).view(), Slice(b, bias, n).view(), eps, in.view());
    EXPECT_EQ(in.values(), out.values()) << "in place";
    return out.values();
  });
  // Against the definition in long double; the centred row's root is at least 1 / sqrt(n) of its largest
  // element.
  for (int64_t r = 0; r < rows; ++r) {
    const auto at = [&](int64_t c) { return static_cast<long double>(x[static_cast<size_t>(r * n + c)]); };
    long double sum = 0;
    long double largest = 0;
    for (int64_t c = 0; c < n; ++c) sum += at(c);
    const long double average = sum / static_cast<long double>(n);
    long double squares = 0;
    for (int64_t c = 0; c < n; ++c) {
      squares += (at(c) - average) * (at(c) - average);
      largest = std::max(largest, std::abs(at(c)));
    }
    const long double root = std::sqrt(squares / static_cast<long double>(n) + static_cast<long double>(eps));
    for (int64_t c = 0; c < n; ++c) {
      const auto i = static_cast<size_t>(r * n + c);
      const long double w = weight[static_cast<size_t>(c)];
      const long double expected =
          (at(c) - average) / root * w + static_cast<long double>(bias[static_cast<size_t>(c)]);
      const long double scale = std::abs(w) * largest / root + std::abs(expected);
      const auto bound = static_cast<double>(static_cast<long double>(2 * n + 12) * scale);
      ASSERT_NEAR(results.expected[i], static_cast<double>(expected), 0x1p-53 * bound);
      ASSERT_NEAR(results.found[i], static_cast<double>(expected), kUnit * bound);
    }
  }
}

// Two products and a sum of f32 numbers, cosine and sine rounded to f32.
TEST_P(LayerOperations, Rope) {
  const int64_t head_dim = numbers_.one_of<int64_t>({2, 6, 24, 64, 80, 96});
  const int64_t half =
      numbers_.one_of({head_dim / 2, (head_dim + 7) / 8});  // all of the head, or its beginning
  const int64_t heads = numbers_.between(1, 4);
  const RowLayout layout{.pushes = numbers_.between(1, 7),
                         .rows = numbers_.between(1, 30),
                         .first_position = numbers_.between(0, 70)};
  const int64_t positions = layout.first_position + layout.rows;
  const auto x = numbers_.normals(layout.total() * heads * head_dim);
  const auto angles = numbers_.normals(positions * half, 100.0);
  std::vector<double> cosine(angles.size());
  std::vector<double> sine(angles.size());
  std::transform(angles.begin(), angles.end(), cosine.begin(), [](double a) { return std::cos(a); });
  std::transform(angles.begin(), angles.end(), sine.begin(), [](double a) { return std::sin(a); });
  const auto results = both_.run([&](Backend& b) {
    RopeTable table{b.allocate(positions, half), b.allocate(positions, half)};
    b.upload(cosine, table.cosine->matrix());
    b.upload(sine, table.sine->matrix());
    const Slice rotated(b, x, heads * head_dim, 7, 2);
    b.rope(table, layout, head_dim, rotated.view());
    return rotated.values();
  });
  const RotatedHead head{static_cast<size_t>(head_dim), static_cast<size_t>(half)};
  expect_within(
      results,
      [&](size_t i) {
        const size_t column = i % head.dim;
        if (column >= 2 * head.half) return 0.0;
        const size_t other = column < head.half ? i + head.half : i - head.half;
        return 4 * kUnit * (std::abs(x[i]) + std::abs(x[other]));
      },
      "rope");
  expect_rotated(x, angles, layout, results.expected, heads * head_dim, head);
}

// GELU against its definition. Phi is off by some ten roundings, and in the tail by those of the exponent,
// x^2 / 2, as many times as it is large.
TEST_P(LayerOperations, Gelu) {
  const int64_t width = numbers_.one_of<int64_t>({1, 13, 40, 80, 200});
  const int64_t rows = numbers_.between(1, 30);
  const auto x = numbers_.normals(rows * width, numbers_.one_of({1e-30, 1e-4, 1.0, 10.0, 500.0}));
  const auto results = both_.run([&](Backend& b) {
    const Slice out(b, rows, width, 2, 1);
    b.gelu(Slice(b, x, width, 0, 3).view(), out.view());
    return out.values();
  });
  for (size_t i = 0; i < x.size(); ++i) {
    const long double v = x[i];
    const auto expected = static_cast<double>(v * std::erfc(-v / std::sqrt(2.0L)) / 2);
    const double roundings = 12 + 2 * x[i] * x[i];
    ASSERT_NEAR(results.expected[i], expected, roundings * 0x1p-53 * std::abs(expected) + 1e-300);
    ASSERT_NEAR(results.found[i], expected, roundings * kUnit * std::abs(expected) + 1e-36);
  }
}

// exp is within 2 units in the last place; with the sum, the quotient and the product that makes at most 8
// roundings. Below f32's smallest normal the result may be flushed to zero.
TEST_P(LayerOperations, Swiglu) {
  const int64_t width = numbers_.one_of<int64_t>({1, 13, 40, 80, 200});
  const int64_t rows = numbers_.between(1, 30);
  const auto gate_up = numbers_.normals(rows * 2 * width, numbers_.one_of({1e-4, 1.0, 10.0, 500.0}));
  const auto results = both_.run([&](Backend& b) {
    const Slice out(b, rows, width, 2, 1);
    b.swiglu(Slice(b, gate_up, 2 * width, 0, 3).view(), out.view());
    return out.values();
  });
  // Where e^-gate leaves f32's range, silu is below 1e-38 of the gate.
  const auto bound = [&](size_t i) {
    const size_t at =
        i / static_cast<size_t>(width) * 2 * static_cast<size_t>(width) + i % static_cast<size_t>(width);
    const double unseen = 1e-38 * (1 + std::abs(gate_up[at] * gate_up[at + static_cast<size_t>(width)]));
    return 8 * kUnit * std::abs(results.expected[i]) + 2 * unseen;
  };
  expect_within(results, bound, "swiglu");
}

struct LinearCase {
  int64_t rows, in, out;
  std::vector<double> x, weight, bias, before;
};

LinearCase random_linear(Numbers& numbers) {
  LinearCase c{.rows = numbers.between(1, 200),
               .in = numbers.one_of<int64_t>({1, 13, 80, 96, 200, 577}),
               .out = numbers.one_of<int64_t>({1, 13, 80, 200, 333}),
               .x = {},
               .weight = {},
               .bias = {},
               .before = {}};
  c.x = numbers.normals(c.rows * c.in);
  c.weight = numbers.normals(c.out * c.in);
  if (numbers.between(0, 1) == 1) c.bias = numbers.normals(c.out);
  c.before = numbers.normals(c.rows * c.out);
  return c;
}

// Sum of |x| |w|, |bias| and |before| of each result: what its rounding errors are relative to.
std::vector<double> magnitudes(const LinearCase& c) {
  std::vector<double> sums = c.before;
  for (int64_t r = 0; r < c.rows; ++r) {
    for (int64_t o = 0; o < c.out; ++o) {
      double& sum = sums[static_cast<size_t>(r * c.out + o)];
      sum = std::abs(sum) + (c.bias.empty() ? 0.0 : std::abs(c.bias[static_cast<size_t>(o)]));
      for (int64_t i = 0; i < c.in; ++i)
        sum += std::abs(c.x[static_cast<size_t>(r * c.in + i)] * c.weight[static_cast<size_t>(o * c.in + i)]);
    }
  }
  return sums;
}

// in products, the bias and the addition to what was there: in + 2 roundings, each relative to the terms'
// magnitudes.
TEST_P(LayerOperations, Linear) {
  const LinearCase c = random_linear(numbers_);
  const std::vector<double> scale = magnitudes(c);
  for (const Accumulate accumulate : {Accumulate::kNo, Accumulate::kYes}) {
    const auto results = both_.run([&](Backend& b) {
      const auto weight = b.make_linear(source_of(c.weight, c.out, c.in, c.bias));
      const Slice out(b, c.before, c.out);
      b.linear(Slice(b, c.x, c.in).view(), *weight, out.view(), accumulate);
      return out.values();
    });
    const double roundings = static_cast<double>(c.in + 2) * kUnit;
    expect_within(
        results, [&](size_t i) { return roundings * scale[i]; }, accumulate == Accumulate::kYes ? "+=" : "=");
  }
}

// One packed weight serves batches of every size, and each row's result is that row's alone.
TEST_P(LayerOperations, LinearRowsDoNotMix) {
  LinearCase c = random_linear(numbers_);
  const auto weight = both_.cpu->make_linear(source_of(c.weight, c.out, c.in, c.bias));
  const Slice x(*both_.cpu, c.x, c.in);
  const Slice all(*both_.cpu, c.rows, c.out);
  both_.cpu->linear(x.view(), *weight, all.view(), Accumulate::kNo);
  const int64_t row = numbers_.between(0, c.rows - 1);
  const Slice one(*both_.cpu, 1, c.out);
  both_.cpu->linear(x.view().row_range(row, 1), *weight, one.view(), Accumulate::kNo);
  const std::vector<double> scale = magnitudes(c);
  const Both::Results results{both_.cpu->download(all.view().row_range(row, 1)), one.values()};
  expect_within(
      results,
      [&](size_t i) {
        return 2 * static_cast<double>(c.in + 2) * kUnit * scale[static_cast<size_t>(row * c.out) + i];
      },
      "one row");
}

INSTANTIATE_TEST_SUITE_P(Seeds, LayerOperations, testing::Range(0U, 16U));

// An error in reading a weight reaches the caller, out of the loop that reads in parallel.
TEST(MakeLinear, ReadErrorsArePassedOn) {
  const Both both;
  const LinearSource broken{
      .out = 300,
      .in = 8,
      .fill_rows = [](int64_t, std::span<float>) { throw std::runtime_error("damaged"); },
      .bias = {}};
  EXPECT_THROW((void)both.cpu->make_linear(broken), std::runtime_error);
  EXPECT_THROW((void)both.cpu->make_head(broken), std::runtime_error);
}

}  // namespace
}  // namespace tugline::test
