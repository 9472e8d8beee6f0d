// The operations on differences: what each is the difference of, computed here in long double where it would
// cancel in f64, and the same for differences so large that they drown the base.
#include "backend/difference_operations.h"

#include <gtest/gtest.h>

namespace tugline::test {
namespace {

std::vector<Long> rms_norm(const std::vector<Long>& x, const std::vector<double>& weight, double eps) {
  const size_t n = weight.size();
  std::vector<Long> out(x.size());
  for (size_t begin = 0; begin < x.size(); begin += n) {
    Long squares = 0;
    for (size_t i = begin; i < begin + n; ++i) squares += x[i] * x[i];
    const Long root = std::sqrt(squares / static_cast<Long>(n) + static_cast<Long>(eps));
    for (size_t i = begin; i < begin + n; ++i) out[i] = x[i] / root * static_cast<Long>(weight[i - begin]);
  }
  return out;
}

// Sums of n products, half of it after the root; pull and quotient add a few.
TEST_P(DifferenceOperations, RmsNorm) {
  for (const int64_t n : {13, 24, 200}) {
    const int64_t columns = 2 * n;
    const auto base = numbers_.normals(3 * columns);
    const auto d = numbers_.normals(5 * 3 * columns, size());
    const auto weight = numbers_.normals(n);
    const std::vector<double> none(base.size());
    const auto expected =
        minus(rms_norm(moved(base, d), weight, 1e-5), rms_norm(moved(base, none), weight, 1e-5));
    const auto results = both_.run([&](Backend& b) {
      const Slice in(b, d, columns, 3, 1);
      const Slice out(b, 15, columns, 1, 2);
      b.rms_norm_difference(Slice(b, base, columns, 2, 2).view(), Slice(b, weight, n).view(), 1e-5, in.view(),
                            out.view());
      b.rms_norm_difference(Slice(b, base, columns, 2, 2).view(), Slice(b, weight, n).view(), 1e-5, in.view(),
                            in.view());
      EXPECT_EQ(in.values(), out.values()) << "in place";
      return out.values();
    });
    const double roundings = static_cast<double>(n) + 20;
    // What long double itself loses by subtracting.
    const double unseen = 0x1p-58 / size();
    expect_difference(expected, results.expected, columns, roundings * kF64Unit + unseen, "reference");
    expect_difference(expected, results.found, columns, roundings * kUnit + unseen, "cpu");
  }
}

std::vector<Long> layer_norm(std::vector<Long> x, const std::vector<double>& weight, double eps) {
  const size_t n = weight.size();
  for (size_t begin = 0; begin < x.size(); begin += n) {
    Long sum = 0;
    for (size_t i = begin; i < begin + n; ++i) sum += x[i];
    for (size_t i = begin; i < begin + n; ++i) x[i] -= sum / static_cast<Long>(n);
  }
  return rms_norm(x, weight, eps);
}

// The RMS norm's, and n more for each of the two means. Bases and differences of which most is their mean:
// what is centred away takes its rounding along, relative to what is left.
TEST_P(DifferenceOperations, LayerNorm) {
  for (const double mean : {0.0, 4.0}) {
    for (const int64_t n : {13, 24, 200}) {
      auto base = numbers_.normals(3 * n);
      auto d = numbers_.normals(5 * 3 * n, size());
      for (double& v : base) v = static_cast<float>(v + mean);
      for (double& v : d) v = static_cast<float>(v + mean * size());
      const auto weight = numbers_.normals(n);
      const std::vector<double> none(base.size());
      const auto expected =
          minus(layer_norm(moved(base, d), weight, 1e-5), layer_norm(moved(base, none), weight, 1e-5));
      const auto results = both_.run([&](Backend& b) {
        const Slice in(b, d, n, 3, 1);
        const Slice out(b, 15, n, 1, 2);
        const Slice w(b, weight, n);
        b.layer_norm_difference(Slice(b, base, n, 2, 2).view(), w.view(), 1e-5, in.view(), out.view());
        b.layer_norm_difference(Slice(b, base, n, 2, 2).view(), w.view(), 1e-5, in.view(), in.view());
        EXPECT_EQ(in.values(), out.values()) << "in place";
        return out.values();
      });
      const double roundings = (1 + mean) * (3 * static_cast<double>(n) + 20);
      const double unseen = (1 + mean) * 0x1p-58 / size();
      expect_difference(expected, results.expected, n, roundings * kF64Unit + unseen, "reference");
      expect_difference(expected, results.found, n, roundings * kUnit + unseen, "cpu");
    }
  }
}

std::vector<Long> gelu(std::vector<Long> x) {
  for (Long& v : x) v *= std::erfc(-v / std::sqrt(2.0L)) / 2;
  return x;
}

// Relative to the row's largest element: a dozen roundings of Phi and of its difference, which the tails of a
// d beyond 1/4 add to.
TEST_P(DifferenceOperations, Gelu) {
  for (const double width : {0.1, 1.0, 10.0, 60.0}) {
    constexpr int64_t kColumns = 77;
    const auto base = numbers_.normals(3 * kColumns, width);
    const auto d = numbers_.normals(5 * 3 * kColumns, size());
    const std::vector<double> none(base.size());
    const auto expected = minus(gelu(moved(base, d)), gelu(moved(base, none)));
    const auto results = both_.run([&](Backend& b) {
      const Slice out(b, 15, kColumns, 2, 2);
      b.gelu_difference(Slice(b, base, kColumns, 1, 1).view(), Slice(b, d, kColumns, 0, 3).view(),
                        out.view());
      return out.values();
    });
    const double unseen = 0x1p-60 * (1 + width) / size();
    expect_difference(expected, results.expected, kColumns, 32 * kF64Unit + unseen, "reference");
    expect_difference(expected, results.found, kColumns, 32 * kUnit + unseen, "cpu");
  }
}

// Element by element too, if the base is no larger than a few: far from a zero of GELU's slope its relative
// precision stays.
TEST_P(DifferenceOperations, GeluOfOneElement) {
  for (double x = -4; x <= 4; x += 0.0625) {
    if (std::abs(x + 0.75) < 0.25) continue;  // the slope's zero is at -0.7518
    const std::vector<double> base{x};
    const std::vector<double> d{size(), -size()};
    const auto expected = minus(gelu(moved(base, d)), gelu({static_cast<Long>(x)}));
    const auto results = both_.run([&](Backend& b) {
      const Slice out(b, 2, 1, 0, 0);
      b.gelu_difference(Slice(b, base, 1).view(), Slice(b, d, 1).view(), out.view());
      return out.values();
    });
    // Its two terms are at most some ten times their sum here.
    const double unseen = 0x1p-58 * (1 + std::abs(x)) / size();
    for (size_t i = 0; i < 2; ++i) {
      const auto exact = static_cast<double>(expected[i]);
      if (size() > 0.3 && std::abs(exact) < 0.1 * size()) continue;  // back where it was, across the minimum
      ASSERT_NEAR(results.expected[i], exact, (200 * kF64Unit + 100 * unseen) * std::abs(exact)) << x;
      ASSERT_NEAR(results.found[i], exact, (200 * kUnit + 100 * unseen) * std::abs(exact)) << x;
    }
  }
}

TEST_P(DifferenceOperations, AddingIsTheSameOnDifferences) {
  const auto x = numbers_.normals(7 * 33, size());
  const auto y = numbers_.normals(7 * 33, size());
  const auto results = both_.run([&](Backend& b) {
    const Slice to(b, x, 33, 1, 2);
    b.add(Slice(b, y, 33, 2, 0).view(), to.view());
    return to.values();
  });
  for (size_t i = 0; i < x.size(); ++i) {
    EXPECT_EQ(results.expected[i], x[i] + y[i]);
    EXPECT_NEAR(results.found[i], x[i] + y[i], kUnit * std::abs(x[i] + y[i]));
  }
}

std::vector<Long> swiglu(const std::vector<Long>& gate_up, size_t width) {
  std::vector<Long> out;
  for (size_t row = 0; row < gate_up.size(); row += 2 * width)
    for (size_t c = 0; c < width; ++c)
      out.push_back(gate_up[row + c] / (1 + std::exp(-gate_up[row + c])) * gate_up[row + width + c]);
  return out;
}

TEST_P(DifferenceOperations, Swiglu) {
  for (const double gates : {1.0, 10.0, 60.0, 300.0}) {
    constexpr int64_t kWidth = 77;
    const auto base = numbers_.normals(3 * 2 * kWidth, gates);
    const auto d = numbers_.normals(5 * 3 * 2 * kWidth, size());
    const std::vector<double> none(base.size());
    const auto expected = minus(swiglu(moved(base, d), kWidth), swiglu(moved(base, none), kWidth));
    const auto results = both_.run([&](Backend& b) {
      const Slice gate_up(b, base, 2 * kWidth, 1, 1);
      const Slice out(b, 15, kWidth, 2, 2);
      b.swiglu_difference(*b.trace_gate(gate_up.view()), Slice(b, d, 2 * kWidth, 0, 3).view(), out.view());
      return out.values();
    });
    // Relative to the row's largest element; a gate beyond 40 may cost some units more where both it and its
    // change are large.
    const double unseen = 0x1p-60 * gates / size();
    expect_difference(expected, results.expected, kWidth, 32 * kF64Unit + unseen, "reference");
    expect_difference(expected, results.found, kWidth, 32 * kUnit + unseen, "cpu");
  }
}

TEST_P(DifferenceOperations, LinearLeavesTheBiasOut) {
  const auto weight = numbers_.normals(33 * 80);
  const auto bias = numbers_.normals(33);
  const auto d = numbers_.normals(7 * 80, size());
  const auto before = numbers_.normals(7 * 33, size());
  for (const Accumulate accumulate : {Accumulate::kNo, Accumulate::kYes}) {
    std::vector<Long> expected;
    for (size_t r = 0; r < 7; ++r) {
      for (size_t o = 0; o < 33; ++o) {
        Long sum = accumulate == Accumulate::kYes ? static_cast<Long>(before[r * 33 + o]) : 0;
        for (size_t i = 0; i < 80; ++i)
          sum += static_cast<Long>(weight[o * 80 + i]) * static_cast<Long>(d[r * 80 + i]);
        expected.push_back(sum);
      }
    }
    const auto results = both_.run([&](Backend& b) {
      const auto map = b.make_linear(source_of(weight, 33, 80, bias));
      const Slice out(b, before, 33);
      b.linear_difference(Slice(b, d, 80).view(), *map, out.view(), accumulate);
      return out.values();
    });
    expect_difference(expected, results.expected, 33, 82 * kF64Unit, "reference");
    expect_difference(expected, results.found, 33, 82 * kUnit, "cpu");
  }
}

INSTANTIATE_TEST_SUITE_P(Sizes, DifferenceOperations, testing::Values(1e-6, 1e-3, 0.1, 1.0, 10.0));

// A push that takes the residual away: what is left is eps, not the rounding of a difference of squares,
// which may be negative. In f32 that rounding is larger than eps for each size of the residual, in f64 for
// all but the first. Squares of the last are beyond f32.
TEST_F(BothBackends, RmsNormOfAResidualThatIsPushedToZero) {
  Numbers numbers(3);
  for (const double size : {100.0, 1e7, 1e25}) {
    const auto base = numbers.normals(64, size);
    const auto weight = numbers.normals(64);
    std::vector<double> d = base;
    for (double& x : d) x = -x;
    const std::vector<double> still(64);
    const auto before = rms_norm(moved(base, still), weight, 1e-6);
    const auto results = both_.run([&](Backend& b) {
      const Slice change(b, d, 64);
      b.rms_norm_difference(Slice(b, base, 64).view(), Slice(b, weight, 64).view(), 1e-6, change.view(),
                            change.view());
      return change.values();
    });
    for (size_t i = 0; i < 64; ++i) {
      EXPECT_NEAR(results.expected[i], static_cast<double>(-before[i]), 1e-9) << "reference";
      EXPECT_NEAR(results.found[i], static_cast<double>(-before[i]), 1e-3) << "cpu";
    }
  }
}

TEST_F(BothBackends, Clear) {
  for (Backend* backend : {both_.reference.get(), both_.cpu.get()}) {
    const Slice x(*backend, 5, 13, 3, 2);
    backend->clear(x.view());
    EXPECT_EQ(x.values(), std::vector<double>(65));
  }
}

// A norm does not know its input's unit: with eps scaled by its square, powers of two change nothing but
// which sums f32 holds. From 2^-60 to 2^60 squares leave its range, and so do cubes from 2^-40 on.
TEST(Norms, AreTheSameInEveryUnit) {
  Numbers numbers(5);
  const Both both;
  constexpr int64_t kColumns = 37;
  const auto base = numbers.normals(2 * kColumns);
  const auto weight = numbers.normals(kColumns);
  for (const double move : {1.0, 0x1p-20, 0x1p-60}) {
    const auto d = numbers.normals(4 * kColumns, move);
    const auto at = [&](Backend& backend, int k, const std::vector<double>& change) {
      std::vector<double> h = base;
      std::vector<double> dh = change;
      for (double& v : h) v = std::ldexp(v, k);
      for (double& v : dh) v = std::ldexp(v, k);
      const double eps = std::ldexp(1e-5, 2 * k);
      const Slice x(backend, h, kColumns);
      const Slice dx(backend, dh, kColumns);
      const Slice w(backend, weight, kColumns);
      if (change.empty()) {
        backend.rms_norm(x.view(), w.view(), eps, x.view());
        return x.values();
      }
      backend.rms_norm_difference(x.view(), w.view(), eps, dx.view(), dx.view());
      return dx.values();
    };
    for (Backend* backend : {both.reference.get(), both.cpu.get()}) {
      for (const auto& change : {std::vector<double>{}, d}) {
        const auto expected = at(*backend, 0, change);
        double size = 0;
        for (const double v : expected) size = std::max(size, std::abs(v));
        for (const int k : {-60, -40, -20, -1, 1, 20, 40, 60}) {
          const auto found = at(*backend, k, change);
          for (size_t i = 0; i < found.size(); ++i)
            ASSERT_NEAR(found[i], expected[i], 1e-5 * size)
                << backend->name() << " 2^" << k << " move " << move << (change.empty() ? " values" : "");
        }
      }
    }
  }
}

}  // namespace
}  // namespace tugline::test
