// Causal grouped-query attention over a shared prefix and each push's own rows: both backends against a
// formula written here anew, key by key.
#include <gtest/gtest.h>

#include <algorithm>
#include <limits>

#include "backend/both_backends.h"

namespace tugline::test {
namespace {

struct Case {
  RowLayout layout;
  HeadShape shape;
  std::vector<double> q, k, v, prefix_k, prefix_v;
  [[nodiscard]] int64_t kv_size() const { return shape.num_kv_heads * shape.head_dim; }
  [[nodiscard]] int64_t q_size() const { return shape.num_heads * shape.head_dim; }
};

Case make_case(Numbers& numbers, RowLayout layout, HeadShape shape, double scale) {
  Case c{.layout = layout, .shape = shape, .q = {}, .k = {}, .v = {}, .prefix_k = {}, .prefix_v = {}};
  c.q = numbers.normals(layout.total() * c.q_size(), scale);
  c.k = numbers.normals(layout.total() * c.kv_size(), scale);
  c.v = numbers.normals(layout.total() * c.kv_size());
  c.prefix_k = numbers.normals(layout.first_position * c.kv_size(), scale);
  c.prefix_v = numbers.normals(layout.first_position * c.kv_size());
  return c;
}

Case random_case(Numbers& numbers) {
  const int64_t kv_heads = numbers.between(1, 3);
  const RowLayout layout{.pushes = numbers.between(1, 7),
                         .rows = numbers.between(1, 30),
                         .first_position = numbers.between(0, 70)};
  HeadShape shape{.num_heads = kv_heads * numbers.between(1, 4),
                  .num_kv_heads = kv_heads,
                  .head_dim = numbers.one_of<int64_t>({2, 6, 24, 64, 80, 96}),
                  .scale = 0};
  shape.window = numbers.one_of<int64_t>({0, 1, 5, 40});
  // Most families' scale, or another.
  shape.scale = numbers.one_of({1.0, 0.7}) / std::sqrt(static_cast<double>(shape.head_dim));
  return make_case(numbers, layout, shape, numbers.one_of({0.1, 1.0, 3.0}));
}

struct Attended {
  double value;      // sum P v
  double magnitude;  // sum P |v|
  double spread;     // the largest scale sum |q| |k| of any key
};

// One element of the result: row r of all pushes, head, component.
class Formula {
 public:
  explicit Formula(const Case& c) : c_(c) {}

  [[nodiscard]] std::vector<Attended> row(int64_t r, int64_t head) const {
    const int64_t dim = c_.shape.head_dim;
    const int64_t kv_head = c_.shape.kv_head(head);
    const int64_t visible = c_.layout.first_position + r % c_.layout.rows + 1;
    std::vector<double> scores;
    double spread = 0;
    for (int64_t j = 0; j < visible; ++j) {
      if (c_.shape.window > 0 && visible - j > c_.shape.window) {
        scores.push_back(-std::numeric_limits<double>::infinity());
        continue;
      }
      double sum = 0;
      double magnitude = 0;
      for (int64_t i = 0; i < dim; ++i) {
        const double product = c_.q[static_cast<size_t>(r * c_.q_size() + head * dim + i)] *
                               at(c_.prefix_k, c_.k, r, j)[kv_head * dim + i];
        sum += product;
        magnitude += std::abs(product);
      }
      scores.push_back(sum * c_.shape.scale);
      spread = std::max(spread, magnitude * c_.shape.scale);
    }
    return mix(r, kv_head, weights(scores), spread);
  }

 private:
  [[nodiscard]] const double* at(const std::vector<double>& prefix, const std::vector<double>& own, int64_t r,
                                 int64_t j) const {
    if (j < c_.layout.first_position) return prefix.data() + j * c_.kv_size();
    const int64_t first = r / c_.layout.rows * c_.layout.rows;
    return own.data() + (first + j - c_.layout.first_position) * c_.kv_size();
  }

  static std::vector<double> weights(std::vector<double> scores) {
    const double largest = *std::max_element(scores.begin(), scores.end());
    double total = 0;
    for (double& s : scores) total += s = std::exp(s - largest);
    for (double& s : scores) s /= total;
    return scores;
  }

  [[nodiscard]] std::vector<Attended> mix(int64_t r, int64_t kv_head, const std::vector<double>& weights,
                                          double spread) const {
    std::vector<Attended> out(static_cast<size_t>(c_.shape.head_dim), {0, 0, spread});
    for (size_t j = 0; j < weights.size(); ++j) {
      const double* v = at(c_.prefix_v, c_.v, r, static_cast<int64_t>(j)) + kv_head * c_.shape.head_dim;
      for (size_t i = 0; i < out.size(); ++i) {
        out[i].value += weights[j] * v[i];
        out[i].magnitude += weights[j] * std::abs(v[i]);
      }
    }
    return out;
  }

  const Case& c_;
};

// q, k and v as slices of one buffer, as the layer has them.
std::vector<double> attend(Backend& backend, const Case& c) {
  const int64_t total = c.layout.total();
  const auto qkv = backend.allocate(total, c.q_size() + 2 * c.kv_size());
  const Matrix q = qkv->matrix().column_range(0, c.q_size());
  const Matrix k = qkv->matrix().column_range(c.q_size(), c.kv_size());
  const Matrix v = qkv->matrix().column_range(c.q_size() + c.kv_size(), c.kv_size());
  backend.upload(c.q, q);
  backend.upload(c.k, k);
  backend.upload(c.v, v);
  const Slice prefix_k(backend, c.prefix_k, c.kv_size(), 2, 3);
  const Slice prefix_v(backend, c.prefix_v, c.kv_size(), 1, 0);
  const Slice out(backend, total, c.q_size(), 3, 4);
  backend.attention({c.layout, c.shape, q, k, v, prefix_k.view(), prefix_v.view()}, out.view());
  return out.values();
}

// A score is off by head_dim + 2 roundings of its terms' magnitudes; that error e makes a weight wrong by a
// factor e^(2 e) at most; exp, the sum over the keys, the quotient and the mix add as many roundings again as
// there are keys, and some.
void expect_formula(const Case& c, const std::vector<double>& found, double unit) {
  const Formula formula(c);
  const auto dim = static_cast<size_t>(c.shape.head_dim);
  for (int64_t r = 0; r < c.layout.total(); ++r) {
    const auto visible = static_cast<double>(c.layout.first_position + r % c.layout.rows + 1);
    for (int64_t head = 0; head < c.shape.num_heads; ++head) {
      const std::vector<Attended> expected = formula.row(r, head);
      for (size_t i = 0; i < dim; ++i) {
        const double score_error = (static_cast<double>(dim) + 2) * unit * expected[i].spread;
        const double bound =
            (std::expm1(2 * score_error) + (2 * visible + 12) * unit) * expected[i].magnitude;
        const double value = found[static_cast<size_t>(r * c.shape.num_heads + head) * dim + i];
        ASSERT_LE(std::abs(value - expected[i].value), bound)
            << "row " << r << " head " << head << " component " << i;
      }
    }
  }
}

class Attention : public testing::TestWithParam<uint32_t> {
 protected:
  Numbers numbers_{GetParam()};
  Both both_;
};

TEST_P(Attention, FollowsTheFormula) {
  const Case c = random_case(numbers_);
  expect_formula(c, attend(*both_.reference, c), 0x1p-52);
  expect_formula(c, attend(*both_.cpu, c), kUnit);
}

// A push sees the prefix and itself: alone it gets what it gets among others.
TEST_P(Attention, PushesDoNotMix) {
  const Case all = random_case(numbers_);
  const int64_t push = numbers_.between(0, all.layout.pushes - 1);
  Case one = all;
  one.layout.pushes = 1;
  const auto cut = [&](const std::vector<double>& values, int64_t columns) {
    const auto begin = values.begin() + push * all.layout.rows * columns;
    return std::vector<double>(begin, begin + all.layout.rows * columns);
  };
  one.q = cut(all.q, all.q_size());
  one.k = cut(all.k, all.kv_size());
  one.v = cut(all.v, all.kv_size());
  EXPECT_EQ(attend(*both_.reference, one), cut(attend(*both_.reference, all), all.q_size()));
  expect_formula(one, cut(attend(*both_.cpu, all), all.q_size()), kUnit);
}

INSTANTIATE_TEST_SUITE_P(Seeds, Attention, testing::Range(0U, 16U));

// Longer than the 128 rows that the CPU backend takes at once.
TEST(AttentionShapes, WholeTranscriptInSeveralTasks) {
  Numbers numbers(99);
  const Both both;
  const Case c = make_case(numbers, {.pushes = 2, .rows = 301, .first_position = 5}, {4, 2, 24}, 1.0);
  expect_formula(c, attend(*both.cpu, c), kUnit);
}

// Scores of hundreds: one key takes nearly all. Found and expected are then within what f32 leaves of the
// scores: an error e of a score moves weights by less than e, and a result by less than e times the values'
// spread.
TEST(AttentionShapes, LargeScoresAreRight) {
  Numbers numbers(100);
  const Both both;
  const Case c = make_case(numbers, {.pushes = 3, .rows = 9, .first_position = 20}, {4, 2, 24}, 30.0);
  const auto expected = attend(*both.reference, c);
  const auto found = attend(*both.cpu, c);
  const auto largest = [](const std::vector<double>& values) {
    double size = 0;
    for (const double v : values) size = std::max(size, std::abs(v));
    return size;
  };
  const double score_error = (24 + 2) * kUnit * std::sqrt(24.0) * largest(c.q) * largest(c.k);
  ASSERT_LT(score_error, 0.1);
  for (size_t i = 0; i < found.size(); ++i)
    ASSERT_NEAR(found[i], expected[i], (std::expm1(2 * score_error) + 80 * kUnit) * largest(c.v)) << i;
}

// A score of 2000 beside one of 0: its key takes all the weight. The exponential of neither 2000 nor -2000 is
// in f64's range.
TEST(AttentionShapes, ScoresBeyondTheRangeOfExponentials) {
  const Both both;
  const Case c{.layout = {.pushes = 1, .rows = 1, .first_position = 1},
               .shape = {1, 1, 2, 1.0},
               .q = {50, 0},
               .k = {0, 0},
               .v = {5, 7},
               .prefix_k = {40, 0},
               .prefix_v = {1, 2}};
  for (Backend* backend : {both.reference.get(), both.cpu.get()})
    EXPECT_EQ(attend(*backend, c), (std::vector<double>{1, 2})) << backend->name();
}

// One visible key: its value, whatever the score.
TEST(AttentionShapes, FirstTokenSeesItself) {
  Numbers numbers(101);
  const Both both;
  const Case c = make_case(numbers, {.pushes = 1, .rows = 1, .first_position = 0}, {4, 1, 80}, 1.0);
  for (Backend* backend : {both.reference.get(), both.cpu.get()}) {
    const auto found = attend(*backend, c);
    for (size_t i = 0; i < found.size(); ++i)
      EXPECT_NEAR(found[i], c.v[i % 80], 2 * kUnit * std::abs(c.v[i % 80]));
  }
}

}  // namespace
}  // namespace tugline::test
