// The operations on differences: what each is the difference of, computed here in long double where it would
// cancel in f64, and the same for differences so large that they drown the base.
#include <gtest/gtest.h>

#include <algorithm>
#include <limits>

#include "backend/both_backends.h"

namespace tugline::test {
namespace {

using Long = long double;

constexpr double kF64 = 0x1p-53;

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

// base + d, the base's rows repeated.
std::vector<Long> moved(const std::vector<double>& base, const std::vector<double>& d) {
  std::vector<Long> sum(d.size());
  for (size_t i = 0; i < d.size(); ++i)
    sum[i] = static_cast<Long>(base[i % base.size()]) + static_cast<Long>(d[i]);
  return sum;
}

std::vector<Long> minus(std::vector<Long> a, const std::vector<Long>& base) {
  for (size_t i = 0; i < a.size(); ++i) a[i] -= base[i % base.size()];
  return a;
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
    expect_difference(expected, results.expected, columns, roundings * kF64 + unseen, "reference");
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
      expect_difference(expected, results.expected, n, roundings * kF64 + unseen, "reference");
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
    expect_difference(expected, results.expected, kColumns, 32 * kF64 + unseen, "reference");
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
      ASSERT_NEAR(results.expected[i], exact, (200 * kF64 + 100 * unseen) * std::abs(exact)) << x;
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
    expect_difference(expected, results.expected, kWidth, 32 * kF64 + unseen, "reference");
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
    expect_difference(expected, results.expected, 33, 82 * kF64, "reference");
    expect_difference(expected, results.found, 33, 82 * kUnit, "cpu");
  }
}

struct AttentionCase {
  RowLayout layout;
  HeadShape shape;
  std::vector<double> q, k, v, dq, dk, dv, prefix_k,
      prefix_v;  // q, k, v [rows, ...]; dq, dk, dv [pushes * rows, ...]
  [[nodiscard]] int64_t q_size() const { return shape.num_heads * shape.head_dim; }
  [[nodiscard]] int64_t kv_size() const { return shape.num_kv_heads * shape.head_dim; }
};

AttentionCase make_case(Numbers& numbers, RowLayout layout, HeadShape shape, double size) {
  AttentionCase c{layout, shape, {}, {}, {}, {}, {}, {}, {}, {}};
  c.q = numbers.normals(layout.rows * c.q_size());
  c.k = numbers.normals(layout.rows * c.kv_size());
  c.v = numbers.normals(layout.rows * c.kv_size());
  c.dq = numbers.normals(layout.total() * c.q_size(), size);
  c.dk = numbers.normals(layout.total() * c.kv_size(), size);
  c.dv = numbers.normals(layout.total() * c.kv_size(), size);
  c.prefix_k = numbers.normals(layout.first_position * c.kv_size());
  c.prefix_v = numbers.normals(layout.first_position * c.kv_size());
  return c;
}

// Attention of one push's rows on values, [rows * q_size].
std::vector<Long> attend(const AttentionCase& c, const std::vector<Long>& q, const std::vector<Long>& k,
                         const std::vector<Long>& v) {
  const auto dim = static_cast<size_t>(c.shape.head_dim);
  const auto prefix = static_cast<size_t>(c.layout.first_position);
  const auto kv_size = static_cast<size_t>(c.kv_size());
  std::vector<Long> out(q.size());
  for (size_t r = 0; r < static_cast<size_t>(c.layout.rows); ++r) {
    for (size_t head = 0; head < static_cast<size_t>(c.shape.num_heads); ++head) {
      const size_t kv = head / static_cast<size_t>(c.shape.num_heads / c.shape.num_kv_heads) * dim;
      const size_t at = r * static_cast<size_t>(c.q_size()) + head * dim;
      const auto key = [&](size_t j, size_t i) {
        return j < prefix ? static_cast<Long>(c.prefix_k[j * kv_size + kv + i])
                          : k[(j - prefix) * kv_size + kv + i];
      };
      const auto value = [&](size_t j, size_t i) {
        return j < prefix ? static_cast<Long>(c.prefix_v[j * kv_size + kv + i])
                          : v[(j - prefix) * kv_size + kv + i];
      };
      std::vector<Long> scores(prefix + r + 1);
      for (size_t j = 0; j < scores.size(); ++j)
        for (size_t i = 0; i < dim; ++i)
          scores[j] += q[at + i] * key(j, i) * static_cast<Long>(c.shape.scale);
      if (c.shape.window > 0 && scores.size() > static_cast<size_t>(c.shape.window))
        std::fill(scores.begin(), scores.end() - c.shape.window, -std::numeric_limits<Long>::infinity());
      const Long largest = *std::max_element(scores.begin(), scores.end());
      Long total = 0;
      for (Long& s : scores) total += s = std::exp(s - largest);
      for (size_t j = 0; j < scores.size(); ++j)
        for (size_t i = 0; i < dim; ++i) out[at + i] += scores[j] / total * value(j, i);
    }
  }
  return out;
}

std::vector<Long> expected_difference(const AttentionCase& c) {
  const auto part = [&](const std::vector<double>& base, const std::vector<double>& d, int64_t push) {
    const auto begin = d.begin() + push * static_cast<int64_t>(base.size());
    return moved(base, std::vector<double>(begin, begin + static_cast<int64_t>(base.size())));
  };
  const auto still = [](const std::vector<double>& base) {
    return moved(base, std::vector<double>(base.size()));
  };
  const auto base = attend(c, still(c.q), still(c.k), still(c.v));
  std::vector<Long> all;
  for (int64_t push = 0; push < c.layout.pushes; ++push) {
    const auto one =
        minus(attend(c, part(c.q, c.dq, push), part(c.k, c.dk, push), part(c.v, c.dv, push)), base);
    all.insert(all.end(), one.begin(), one.end());
  }
  return all;
}

std::vector<double> attention_difference(Backend& b, const AttentionCase& c) {
  const Slice q(b, c.q, c.q_size(), 1, 2), k(b, c.k, c.kv_size(), 2, 1), v(b, c.v, c.kv_size());
  const Slice prefix_k(b, c.prefix_k, c.kv_size(), 1, 1), prefix_v(b, c.prefix_v, c.kv_size(), 0, 3);
  RowLayout one = c.layout;
  one.pushes = 1;
  const AttentionInputs base{one, c.shape, q.view(), k.view(), v.view(), prefix_k.view(), prefix_v.view()};
  const Slice dq(b, c.dq, c.q_size(), 3, 0), dk(b, c.dk, c.kv_size(), 1, 2), dv(b, c.dv, c.kv_size(), 2, 2);
  const Slice out(b, c.layout.total(), c.q_size(), 1, 1);
  b.attention_difference(*b.trace_attention(base), {c.layout, dq.view(), dk.view(), dv.view()}, out.view());
  return out.values();
}

// Scores are sums of head_dim products, mixes sums over the keys; where scores move by tens, their rounding
// is multiplied by as much.
TEST_P(DifferenceOperations, Attention) {
  for (const RowLayout layout : {RowLayout{.pushes = 4, .rows = 7, .first_position = 20},
                                 RowLayout{.pushes = 3, .rows = 5, .first_position = 0},
                                 RowLayout{.pushes = 2, .rows = 140, .first_position = 3}}) {
    for (const HeadShape shape :
         {HeadShape{4, 2, 24, 1 / std::sqrt(24.0)}, HeadShape{3, 3, 10, 0.25}, HeadShape{4, 2, 24, 0.2, 6}}) {
      const AttentionCase c = make_case(numbers_, layout, shape, size());
      const auto expected = expected_difference(c);
      const auto results = both_.run([&](Backend& b) { return attention_difference(b, c); });
      const auto dim = static_cast<double>(shape.head_dim);
      const double roundings = (dim + 30) * (1 + size() * (1 + size())) * 4;
      const double unseen = 0x1p-57 / size();
      expect_difference(expected, results.expected, c.q_size(), roundings * kF64 + unseen, "reference");
      expect_difference(expected, results.found, c.q_size(), roundings * kUnit + unseen, "cpu");
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Sizes, DifferenceOperations, testing::Values(1e-6, 1e-3, 0.1, 1.0, 10.0));

class BothBackends : public testing::Test {
 protected:
  Both both_;
};

// A push that takes the residual away: what is left is eps, not the rounding of a difference of squares,
// which may be negative. In f32 that rounding is larger than eps for either size of the residual, in f64 for
// the second.
TEST_F(BothBackends, RmsNormOfAResidualThatIsPushedToZero) {
  Numbers numbers(3);
  for (const double size : {100.0, 1e7}) {
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

// The same change of all visible scores is no change: one key's score alone (a row that sees itself only), or
// the score of a key that has all the weight.
TEST_F(BothBackends, AttentionToOneKeyWhoseScoreMoves) {
  for (const double drop : {-200.0, -50.0, -20.0, 20.0, 50.0, 200.0}) {
    AttentionCase c{{.pushes = 1, .rows = 1, .first_position = 0},
                    {1, 1, 2, 1 / std::sqrt(2.0)},
                    {1, 0},
                    {1, 0},
                    {1, 2},
                    {0, 0},
                    {drop, 0},
                    {0, 0},
                    {},
                    {}};
    const auto alone = both_.run([&](Backend& b) { return attention_difference(b, c); });
    for (size_t i = 0; i < 2; ++i) {
      EXPECT_NEAR(alone.expected[i], 0, 1e-14) << "reference, score moves by " << drop;
      EXPECT_NEAR(alone.found[i], 0, 1e-6) << "cpu, score moves by " << drop;
    }
  }
}

// A key whose score is so low that its weight is 0, before and after: that its score rises by a thousand
// moves nothing, neither directly nor by being the largest change.
TEST_F(BothBackends, AttentionPastAKeyWithoutWeight) {
  // Scores 0 for the prefix's key, and -2000 for the own one, then -1000.
  const AttentionCase c{{.pushes = 1, .rows = 1, .first_position = 1},
                        {1, 1, 2, 1.0},
                        {2000, 0},
                        {-1, 0},
                        {5, 7},
                        {-1000, 0},
                        {0, 0},
                        {0, 0},
                        {0, 1},
                        {1, 2}};
  const auto results = both_.run([&](Backend& b) { return attention_difference(b, c); });
  for (size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(results.expected[i], 0) << "reference";
    EXPECT_EQ(results.found[i], 0) << "cpu";
  }
}

// A key with nearly all the weight loses its score: the weight goes to the others.
TEST_F(BothBackends, AttentionThatLeavesASink) {
  for (const double change : {-15.0, -30.0, -60.0, -130.0}) {
    // Scores 42.4 for the prefix's key and 0 for the own one; then 42.4 + change.
    AttentionCase c{{.pushes = 1, .rows = 1, .first_position = 1},
                    {1, 1, 2, 1 / std::sqrt(2.0)},
                    {60, 0},
                    {0, 1},
                    {1, 2},
                    {change * std::sqrt(2.0), 0},
                    {0, 0},
                    {0, 0},
                    {1, 0},
                    {-3, 5}};
    const auto expected = expected_difference(c);
    const auto results = both_.run([&](Backend& b) { return attention_difference(b, c); });
    for (size_t i = 0; i < 2; ++i) {
      const auto right = static_cast<double>(expected[i]);
      EXPECT_NEAR(results.expected[i], right, 1e-12 * std::abs(right) + 1e-18) << "reference, " << change;
      EXPECT_NEAR(results.found[i], right, 1e-4 * std::abs(right) + 1e-12) << "cpu, " << change;
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
