// Attention on differences: what it is the difference of, in long double, and keys that lose or gain their
// weight.
#include <gtest/gtest.h>

#include <algorithm>
#include <limits>

#include "backend/difference_operations.h"

namespace tugline::test {
namespace {

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
      expect_difference(expected, results.expected, c.q_size(), roundings * kF64Unit + unseen, "reference");
      expect_difference(expected, results.found, c.q_size(), roundings * kUnit + unseen, "cpu");
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

}  // namespace
}  // namespace tugline::test
