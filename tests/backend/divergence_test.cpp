// The divergence of pushed rows from base rows, against the definition in two passes of long double:
// log-probabilities of both distributions, then the sums. 64 bits of mantissa leave KL right to 1e-17
// absolute.
#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

#include "backend/both_backends.h"
#include "tugline/backend/cpu/cpu_divergence.h"
#include "tugline/backend/cpu/value_divergence.h"

namespace tugline::test {
namespace {

using Long = long double;

struct Case {
  int64_t vocabulary, hidden, rows, pushes;
  std::vector<double> head;  // [vocabulary, hidden]
  std::vector<double> x;     // [rows, hidden]
  std::vector<double> dx;    // [pushes * rows, hidden]
  std::vector<int32_t> targets;
};

// logits of x: normal with standard deviation `base`; of dx: with `move`.
struct Scales {
  double base = 3;
  double move = 0.1;
};

Case make_case(Numbers& numbers, int64_t vocabulary, Scales scales, int64_t rows = 3, int64_t pushes = 4) {
  Case c{.vocabulary = vocabulary,
         .hidden = numbers.one_of<int64_t>({24, 37, 64}),
         .rows = rows,
         .pushes = pushes,
         .head = {},
         .x = {},
         .dx = {},
         .targets = {}};
  const double unit = 1 / std::sqrt(static_cast<double>(c.hidden));
  c.head = numbers.normals(vocabulary * c.hidden, unit);
  c.x = numbers.normals(rows * c.hidden, scales.base);
  c.dx = numbers.normals(pushes * rows * c.hidden, scales.move);
  for (int64_t r = 0; r < rows; ++r)
    c.targets.push_back(static_cast<int32_t>(numbers.between(0, vocabulary - 1)));
  return c;
}

std::vector<Long> products(const Case& c, const std::vector<double>& x, int64_t row) {
  std::vector<Long> out;
  for (int64_t v = 0; v < c.vocabulary; ++v) {
    Long sum = 0;
    for (int64_t i = 0; i < c.hidden; ++i)
      sum += static_cast<Long>(c.head[static_cast<size_t>(v * c.hidden + i)]) *
             static_cast<Long>(x[static_cast<size_t>(row * c.hidden + i)]);
    out.push_back(sum);
  }
  return out;
}

void normalise(std::vector<Long>& logits) {
  const Long largest = *std::max_element(logits.begin(), logits.end());
  Long sum = 0;
  for (const Long l : logits) sum += std::exp(l - largest);
  for (Long& l : logits) l -= largest + std::log(sum);
}

RowResponse definition(const Case& c, int64_t pushed_row) {
  const int64_t row = pushed_row % c.rows;
  std::vector<Long> log_q = products(c, c.x, row);
  const std::vector<Long> delta = products(c, c.dx, pushed_row);
  std::vector<Long> log_p(log_q.size());
  std::transform(log_q.begin(), log_q.end(), delta.begin(), log_p.begin(), std::plus<>());
  normalise(log_q);
  normalise(log_p);
  Long forward = 0;
  Long backward = 0;
  Long js = 0;
  Long variation = 0;
  Long entropy = 0;
  for (size_t v = 0; v < log_q.size(); ++v) {
    const Long p = std::exp(log_p[v]);
    const Long q = std::exp(log_q[v]);
    if (p > 0) js += p * std::log(2 * p / (p + q)) / 2;
    if (q > 0) js += q * std::log(2 * q / (p + q)) / 2;
    variation += std::abs(p - q) / 2;
    entropy += q * log_q[v] - p * log_p[v];
    forward += std::exp(log_p[v]) * (log_p[v] - log_q[v]);
    backward += std::exp(log_q[v]) * (log_q[v] - log_p[v]);
  }
  const auto target = static_cast<size_t>(c.targets[static_cast<size_t>(row)]);
  const bool flip = std::max_element(log_p.begin(), log_p.end()) - log_p.begin() !=
                    std::max_element(log_q.begin(), log_q.end()) - log_q.begin();
  return {static_cast<double>(forward),
          static_cast<double>(backward),
          static_cast<double>(log_p[target] - log_q[target]),
          flag(flip),
          static_cast<double>(js),
          static_cast<double>(variation),
          static_cast<double>(entropy)};
}

// sum q over the tokens of |log p - log q| < distance.
double mass_near_level(const Case& c, int64_t pushed_row, double distance) {
  std::vector<Long> log_q = products(c, c.x, pushed_row % c.rows);
  const std::vector<Long> delta = products(c, c.dx, pushed_row);
  std::vector<Long> log_p(log_q.size());
  std::transform(log_q.begin(), log_q.end(), delta.begin(), log_p.begin(), std::plus<>());
  normalise(log_q);
  normalise(log_p);
  Long mass = 0;
  for (size_t v = 0; v < log_q.size(); ++v)
    if (std::abs(log_p[v] - log_q[v]) < distance) mass += std::exp(log_q[v]);
  return static_cast<double>(mass);
}

std::vector<RowResponse> responses(Backend& backend, const Case& c, double temperature = 1) {
  const auto head = backend.make_head(source_of(c.head, c.vocabulary, c.hidden));
  const auto base = backend.make_readout(*head, Slice(backend, c.x, c.hidden).view(), c.targets,
                                         {.temperature = temperature});
  return backend.submit_divergence(*head, *base, Slice(backend, c.dx, c.hidden).view())->collect();
}

// Logits are sums of `hidden` products: a random walk of sqrt(hidden) <= 8 roundings, twice that for the
// worst of many. For delta, of size `move`, that is an error of 16 unit move. Its part that is common to all
// tokens does no harm; the rest shows where the likely tokens' deltas lie close together: the derivative of
// KL by delta, summed over the tokens, is about sqrt(2 KL).
double delta_error(double unit, double move) { return 16 * unit * move; }

// KL(q || p) has E_q[delta] in it, a sum in f64 of terms as large as the move, on both backends.
double mean_error(const Case& c, double move) {
  return (16 + std::sqrt(static_cast<double>(c.vocabulary))) * 0x1p-53 * move;
}

// Beside that: the base's logits, about 3 in size, make q wrong by 16 x 3 units, and the sums over the
// vocabulary add a random walk of theirs.
constexpr double kRelative = 64;

constexpr double kF64Unit = 0x1p-53;

// `unit`: the backend's rounding.
void expect_definition(Backend& backend, const Case& c, double unit, double move) {
  const double relative = (kRelative + std::sqrt(static_cast<double>(c.vocabulary))) * unit;
  const auto bound = [&](double kl) {
    constexpr double kDefinition = 1e-17;  // what the definition loses in long double
    return relative * kl + delta_error(unit, move) * std::sqrt(2 * kl) + kDefinition;
  };
  const auto found = responses(backend, c);
  for (size_t r = 0; r < found.size(); ++r) {
    const RowResponse expected = definition(c, static_cast<int64_t>(r));
    ASSERT_NEAR(found[r].kl, expected.kl, bound(expected.kl)) << backend.name() << " row " << r;
    ASSERT_NEAR(found[r].kl_reverse, expected.kl_reverse, bound(expected.kl_reverse) + mean_error(c, move))
        << backend.name() << " row " << r;
    ASSERT_NEAR(found[r].delta_logprob, expected.delta_logprob, relative * move)
        << backend.name() << " row " << r;
    ASSERT_EQ(found[r].top1_flip, expected.top1_flip) << backend.name() << " row " << r;
    // In f32 log E_q[e^d] is estimated before the walk. Its error eta is corrected for to the second order in
    // JS, whose second derivative is known to 0.1 of JS; a third order is left, eta^3 / 24 at most. In TV the
    // tokens of |u| < eta are on the wrong side (docs/method.md).
    const double eta =
        unit == kF64Unit ? 0 : std::sqrt(2.5e-4 * std::min(4.0, expected.kl + expected.kl_reverse));
    ASSERT_NEAR(found[r].js, expected.js,
                bound(expected.js) + 0.1 * eta * eta * expected.js + eta * eta * eta / 24)
        << backend.name() << " row " << r;
    ASSERT_NEAR(found[r].total_variation, expected.total_variation,
                relative * expected.total_variation + delta_error(unit, move) +
                    eta * mass_near_level(c, static_cast<int64_t>(r), 1.01 * eta))
        << backend.name() << " row " << r;
    // sum (p - q) log q: terms of the size of log q, some tens of nats at most.
    ASSERT_NEAR(found[r].entropy_change, expected.entropy_change,
                16 * (relative * (expected.total_variation + expected.kl) + delta_error(unit, move)))
        << backend.name() << " row " << r;
  }
}

constexpr double kF32 = kUnit;
constexpr double kF64 = kF64Unit;

class Divergence : public testing::TestWithParam<int64_t> {
 protected:
  Numbers numbers_{static_cast<uint32_t>(GetParam())};
  Both both_;
};

TEST_P(Divergence, FollowsTheDefinition) {
  for (const double move : {0.01, 0.3, 3.0}) {
    const Case c = make_case(numbers_, GetParam(), {.base = 3, .move = move});
    expect_definition(*both_.reference, c, kF64, move);
    expect_definition(*both_.cpu, c, kF32, move);
  }
}

// Where KL is 1e-12 and below, the definition itself needs more than long double: E_q[(delta - E_q[delta])^2]
// / 2 is the divergence to a relative error of delta, 1e-6 and below.
TEST_P(Divergence, TinyMovesKeepTheirDigits) {
  for (const double move : {1e-6, 1e-7, 1e-9}) {
    const Case c = make_case(numbers_, GetParam(), {.base = 3, .move = move});
    for (Backend* backend : {both_.reference.get(), both_.cpu.get()}) {
      const auto found = responses(*backend, c);
      for (size_t r = 0; r < found.size(); ++r) {
        std::vector<Long> log_q = products(c, c.x, static_cast<int64_t>(r) % c.rows);
        normalise(log_q);
        const std::vector<Long> delta = products(c, c.dx, static_cast<int64_t>(r));
        Long mean = 0;
        Long variance = 0;
        for (size_t v = 0; v < delta.size(); ++v) mean += std::exp(log_q[v]) * delta[v];
        Long variation = 0;
        Long covariance = 0;
        for (size_t v = 0; v < delta.size(); ++v) {
          variance += std::exp(log_q[v]) * (delta[v] - mean) * (delta[v] - mean);
          variation += std::exp(log_q[v]) * std::abs(delta[v] - mean) / 2;
          covariance += std::exp(log_q[v]) * (delta[v] - mean) * log_q[v];
        }
        const auto expected = static_cast<double>(variance / 2);
        // 1e-5, and what delta's own rounding does.
        const double unit = backend == both_.cpu.get() ? kF32 : kF64;
        const double bound = 1e-5 * expected + delta_error(unit, move) * std::sqrt(2 * expected);
        ASSERT_NEAR(found[r].kl, expected, bound) << backend->name() << " move " << move;
        ASSERT_NEAR(found[r].kl_reverse, expected, bound + mean_error(c, move))
            << backend->name() << " move " << move;
        ASSERT_NEAR(found[r].js, expected / 4, bound / 4) << backend->name() << " move " << move;
        const auto change = static_cast<double>(variation);
        ASSERT_NEAR(found[r].total_variation, change, 1e-3 * change + delta_error(unit, move))
            << backend->name() << " move " << move;
        ASSERT_NEAR(found[r].entropy_change, -static_cast<double>(covariance),
                    16 * (1e-5 * change + delta_error(unit, move)))
            << backend->name() << " move " << move;
      }
    }
  }
}

// From 1e-9 down everything is of first or second order in the move, to 1e-9 relative: by 2^-k of it, KL both
// ways and JS are 4^-k as large, and the others 2^-k. Down to what f32 holds of a logit's difference, and
// f64.
TEST_P(Divergence, TinyMovesKeepTheirOrder) {
  const Case unit = make_case(numbers_, GetParam(), {.base = 3, .move = 0x1p-30});
  const auto scaled = [&](Backend& backend, int k) {
    Case c = unit;
    for (double& v : c.dx) v = std::ldexp(v, -k);
    return responses(backend, c);
  };
  const auto bf16 =
      make_cpu_backend({.precision = Precision::kBf16, .bf16_products = Bf16Products::kEmulated});
  for (Backend* backend : {both_.reference.get(), both_.cpu.get(), bf16.get()}) {
    const auto expected = scaled(*backend, 0);
    const bool exact = backend == both_.reference.get();
    for (const int k : exact ? std::vector<int>{20, 100, 400} : std::vector<int>{10, 20, 30, 40, 60}) {
      const auto found = scaled(*backend, k);
      for (size_t r = 0; r < found.size(); ++r) {
        const std::string what = std::string(backend->name()) + " k " + std::to_string(k);
        // The mean of d is left with its rounding, which is not scaled where products differ in shape: 1e-5,
        // as f32's.
        const auto near = [&](double value, double at_0, double scale, double size) {
          EXPECT_NEAR(value * scale, at_0, 1e-5 * size) << what;
        };
        near(found[r].kl, expected[r].kl, std::ldexp(1.0, 2 * k), expected[r].kl);
        near(found[r].kl_reverse, expected[r].kl_reverse, std::ldexp(1.0, 2 * k), expected[r].kl);
        near(found[r].js, expected[r].js, std::ldexp(1.0, 2 * k), expected[r].kl);
        near(found[r].total_variation, expected[r].total_variation, std::ldexp(1.0, k),
             expected[r].total_variation);
        near(found[r].entropy_change, expected[r].entropy_change, std::ldexp(1.0, k),
             10 * expected[r].total_variation);
        near(found[r].delta_logprob, expected[r].delta_logprob, std::ldexp(1.0, k),
             std::abs(expected[r].delta_logprob) + expected[r].total_variation);
        EXPECT_GT(found[r].kl, 0) << what;
      }
    }
  }
}

// KL = a e^2 + b e^3 + ...; the mean over +e and -e has no odd terms, so KL / e^2 is constant to e^2: 1e-6
// here.
TEST_P(Divergence, IsQuadraticInSmallMoves) {
  const Case unit = make_case(numbers_, GetParam(), {.base = 3, .move = 1}, 2, 1);
  for (Backend* backend : {both_.reference.get(), both_.cpu.get()}) {
    std::vector<double> curvature;
    for (const double epsilon : {1e-6, 1e-5, 1e-4, 1e-3}) {
      double sum = 0;
      for (const double sign : {1.0, -1.0}) {
        Case c = unit;
        for (double& v : c.dx) v *= sign * epsilon;
        for (const RowResponse& r : responses(*backend, c)) sum += r.kl;
      }
      curvature.push_back(sum / (epsilon * epsilon));
    }
    for (const double found : curvature)
      ASSERT_NEAR(found, curvature.front(), 1e-4 * curvature.front()) << backend->name();
  }
}

// e^delta leaves f32's range from 88 on, and f64's from 709 on.
TEST_P(Divergence, BigMovesAreFiniteAndRight) {
  for (const double move : {30.0, 100.0, 1000.0}) {
    const Case c = make_case(numbers_, GetParam(), {.base = 3, .move = move});
    expect_definition(*both_.reference, c, kF64, move);
    expect_definition(*both_.cpu, c, kF32, move);
  }
}

TEST_P(Divergence, NoMoveIsExactlyZero) {
  Case c = make_case(numbers_, GetParam(), {});
  std::fill(c.dx.begin(), c.dx.end(), 0.0);
  for (Backend* backend : {both_.reference.get(), both_.cpu.get()}) {
    for (const RowResponse& r : responses(*backend, c)) {
      EXPECT_EQ(r.kl, 0);
      EXPECT_EQ(r.kl_reverse, 0);
      EXPECT_EQ(r.delta_logprob, 0);
      EXPECT_EQ(r.js, 0);
      EXPECT_EQ(r.total_variation, 0);
      EXPECT_EQ(r.entropy_change, 0);
      EXPECT_FALSE(r.top1_flip);
    }
  }
}

// Logits over T: as if x and dx had been divided by it.
TEST_P(Divergence, TemperatureDividesTheLogits) {
  const Case c = make_case(numbers_, GetParam(), {.base = 3, .move = 0.5});
  for (const double temperature : {0.25, 1.0, 2.0}) {
    Case divided = c;
    for (double& v : divided.x) v /= temperature;
    for (double& v : divided.dx) v /= temperature;
    for (Backend* backend : {both_.reference.get(), both_.cpu.get()}) {
      const auto found = responses(*backend, c, temperature);
      const auto expected = responses(*backend, divided);
      for (size_t r = 0; r < found.size(); ++r) {
        ASSERT_NEAR(found[r].kl, expected[r].kl, 2e-5 * expected[r].kl) << backend->name();
        ASSERT_NEAR(found[r].js, expected[r].js, 2e-4 * expected[r].js) << backend->name();
        ASSERT_NEAR(found[r].delta_logprob, expected[r].delta_logprob, 1e-4) << backend->name();
        ASSERT_NEAR(found[r].entropy_change, expected[r].entropy_change, 1e-4) << backend->name();
        ASSERT_EQ(found[r].top1_flip, expected[r].top1_flip) << backend->name();
      }
    }
  }
}

// A temperature divides every logit and changes no order: a row flips at every temperature or at none. Rows
// that f32 sums cannot hold, and those of a low temperature are many, are computed otherwise and flip alike.
TEST_P(Divergence, FlipsDoNotDependOnTheTemperature) {
  const auto bf16 =
      make_cpu_backend({.precision = Precision::kBf16, .bf16_products = Bf16Products::kEmulated});
  for (const double move : {0.02, 1.0, 4.0}) {
    const Case c = make_case(numbers_, GetParam(), {.base = 2, .move = move}, 3, 24);
    for (Backend* backend : {both_.reference.get(), both_.cpu.get(), bf16.get()}) {
      const auto expected = responses(*backend, c);
      for (const double temperature : {0.3, 0.6, 0.7, 1.3, 3.0}) {
        const auto found = responses(*backend, c, temperature);
        for (size_t r = 0; r < found.size(); ++r)
          ASSERT_EQ(found[r].top1_flip, expected[r].top1_flip)
              << backend->name() << " move " << move << " temperature " << temperature << " row " << r;
      }
    }
  }
}

// The same shift of every logit is no move at all: what is left of it is rounding.
TEST_P(Divergence, SharedShiftOfAllLogitsIsNoMove) {
  Case c = make_case(numbers_, GetParam(), {.base = 3, .move = 0});
  for (int64_t v = 0; v < c.vocabulary; ++v) c.head[static_cast<size_t>(v * c.hidden)] = 1;
  for (int64_t r = 0; r < c.pushes * c.rows; ++r) c.dx[static_cast<size_t>(r * c.hidden)] = 5;
  for (Backend* backend : {both_.reference.get(), both_.cpu.get()})
    for (const RowResponse& r : responses(*backend, c)) EXPECT_LT(r.kl, 1e-11) << backend->name();
}

TEST_P(Divergence, LogitsAreTheProducts) {
  const Case c = make_case(numbers_, GetParam(), {});
  for (Backend* backend : {both_.reference.get(), both_.cpu.get()}) {
    const auto head = backend->make_head(source_of(c.head, c.vocabulary, c.hidden));
    const auto found = backend->logits(*head, Slice(*backend, c.x, c.hidden).view());
    for (int64_t r = 0; r < c.rows; ++r) {
      const auto expected = products(c, c.x, r);
      for (size_t v = 0; v < expected.size(); ++v)
        ASSERT_NEAR(found[static_cast<size_t>(r * c.vocabulary) + v], static_cast<double>(expected[v]), 3e-5);
    }
  }
}

// One tile, several, and widths that neither a tile (2048) nor a vector divides.
INSTANTIATE_TEST_SUITE_P(Vocabularies, Divergence,
                         testing::Values<int64_t>(2, 13, 200, 2047, 2048, 2049, 5001));

// Two distributions from logits, as a model on values compares them. Logits of up to 16, and what follows
// from them, are each off by some 64 roundings; a probability is off by as much of itself, and so are the
// measures, which are sums over p and q.
TEST(ValueDivergence, FollowsTheDefinition) {
  constexpr double kBound = 64 * 16 * kUnit;
  for (const int64_t vocabulary : {200, 5001}) {
    for (const double temperature : {1.0, 2.0}) {
      Numbers numbers(31);
      Case c = make_case(numbers, vocabulary, {.base = 3, .move = 1}, 3, 2);
      std::vector<double> x = c.x;
      for (size_t i = 0; i < c.dx.size(); ++i) {
        const double base = c.x[i % c.x.size()];
        x.push_back(static_cast<float>(base + c.dx[i]));
        c.dx[i] = x.back() - base;
      }
      const auto backend = make_cpu_backend();
      cpu::OneDnn onednn;
      const cpu::CpuHead head(onednn, source_of(c.head, c.vocabulary, c.hidden),
                              cpu::DifferenceProducts::kF32);
      std::vector<RowResponse> found(static_cast<size_t>(c.pushes * c.rows));
      const AnswerPair answers{7, 150};
      cpu::value_divergence(head, Slice(*backend, x, c.hidden).view(), c.targets,
                            {.stores = cpu::Stores::kF32,
                             .temperature = temperature,
                             .asked = {.answers = answers, .moved = 1}},
                            found);
      Case divided = c;
      for (double& v : divided.x) v /= temperature;
      for (double& v : divided.dx) v /= temperature;
      for (size_t r = 0; r < found.size(); ++r) {
        const RowResponse expected = definition(divided, static_cast<int64_t>(r));
        EXPECT_NEAR(found[r].kl, expected.kl, kBound) << r;
        EXPECT_NEAR(found[r].kl_reverse, expected.kl_reverse, kBound) << r;
        EXPECT_NEAR(found[r].js, expected.js, kBound) << r;
        EXPECT_NEAR(found[r].total_variation, expected.total_variation, kBound) << r;
        EXPECT_NEAR(found[r].entropy_change, expected.entropy_change, 16 * kBound) << r;  // terms times log p
        EXPECT_NEAR(found[r].delta_logprob, expected.delta_logprob, 2 * kBound) << r;
        EXPECT_EQ(found[r].top1_flip, expected.top1_flip) << r;
        const auto delta = products(c, c.dx, static_cast<int64_t>(r));
        EXPECT_NEAR(found[r].answer_change,
                    static_cast<double>(delta[static_cast<size_t>(answers.first)] -
                                        delta[static_cast<size_t>(answers.second)]),
                    kBound)
            << r;
        ASSERT_EQ(found[r].rose.size(), 1U);
        EXPECT_GT(found[r].rose[0].change, 0);
        EXPECT_LT(found[r].fell.at(0).change, 0);
      }
    }
  }
}

// The reference backend holds the logits of 32 rows at once, which is no multiple of a base of 3 rows.
TEST(DivergenceRows, ManyRowsAreEachComparedWithTheirOwnBase) {
  Numbers numbers(8);
  const Both both;
  const Case c = make_case(numbers, 200, {.base = 3, .move = 0.3}, 3, 25);
  expect_definition(*both.reference, c, kF64, 0.3);
  expect_definition(*both.cpu, c, kF32, 0.3);
}

// The first row's mass is on the first half of the tokens, the second row's on the second. A push raises the
// first half by 1/2 and lowers the second: either row's own tokens move alike, which is no move. A row that
// was centred on the other's mean would see a shift of 1 instead, of which f32 leaves 1e-8 of KL or more.
TEST(DivergenceRows, EachIsCentredOnItsOwnBase) {
  Numbers numbers(9);
  const Both both;
  Case c = make_case(numbers, 200, {.base = 3, .move = 0}, 2, 1);
  for (int64_t v = 0; v < c.vocabulary; ++v) c.head[static_cast<size_t>(v * c.hidden)] = v < 100 ? 1 : -1;
  for (int64_t r = 0; r < 2; ++r) {
    c.x[static_cast<size_t>(r * c.hidden)] = r == 0 ? 30 : -30;
    c.dx[static_cast<size_t>(r * c.hidden)] = 0.5;
  }
  for (Backend* backend : {both.reference.get(), both.cpu.get()})
    for (const RowResponse& r : responses(*backend, c)) EXPECT_NEAR(r.kl, 0, 1e-11) << backend->name();
}

TEST(DivergenceTargets, RowsWithoutATargetHaveNoLogProbability) {
  Numbers numbers(7);
  const Both both;
  Case c = make_case(numbers, 2100, {}, 3, 2);
  c.targets = {2099, kNoTarget, 2048};
  for (Backend* backend : {both.reference.get(), both.cpu.get()}) {
    const auto found = responses(*backend, c);
    for (size_t r = 0; r < found.size(); ++r) {
      EXPECT_EQ(std::isnan(found[r].delta_logprob), r % 3 == 1) << backend->name() << " row " << r;
      EXPECT_GT(found[r].kl, 0);
    }
  }
}

// A head whose logits are the components of x, so that a test can say what each token does.
Case by_token(std::vector<double> x, std::vector<double> dx) {
  const auto n = static_cast<int64_t>(x.size());
  Case c{.vocabulary = n,
         .hidden = n,
         .rows = 1,
         .pushes = 1,
         .head = std::vector<double>(static_cast<size_t>(n * n)),
         .x = std::move(x),
         .dx = std::move(dx),
         .targets = {0}};
  for (int64_t i = 0; i < n; ++i) c.head[static_cast<size_t>(i * n + i)] = 1;
  return c;
}

TEST(DivergenceTokens, FlipIsAChangeOfTheMostLikelyToken) {
  const Both both;
  for (Backend* backend : {both.reference.get(), both.cpu.get()}) {
    EXPECT_FALSE(responses(*backend, by_token({3, 2, 1}, {0, 0.9, 0})).front().top1_flip);
    EXPECT_TRUE(responses(*backend, by_token({3, 2, 1}, {0, 1.1, 0})).front().top1_flip);
    EXPECT_TRUE(responses(*backend, by_token({3, 2, 1}, {-2.5, -1, 0})).front().top1_flip);
  }
}

// Among equally likely tokens the lowest is the most likely one, in the base and with a push.
TEST(DivergenceTokens, OfEqualTokensTheLowestIsTheLikeliest) {
  const Both both;
  for (Backend* backend : {both.reference.get(), both.cpu.get()}) {
    for (const double temperature : {0.3, 1.0, 3.0}) {
      const auto flips = [&](std::vector<double> x, std::vector<double> dx) {
        return responses(*backend, by_token(std::move(x), std::move(dx)), temperature).front().top1_flip;
      };
      EXPECT_FALSE(flips({1, 3, 3, 2}, {0, 0, 0, 1})) << "all but token 0 equal: 1 stays";
      EXPECT_TRUE(flips({1, 3, 3, 2}, {2, 0, 0, 0})) << "token 0 draws level, and is lower";
      EXPECT_FALSE(flips({1, 3, 2, 2}, {0, 0, 1, 0})) << "token 2 draws level, and is higher";
      EXPECT_TRUE(flips({1, 3, 3, 2}, {0, -0.5, 0, 0})) << "token 2 was level, and token 1 falls";
    }
  }
}

// Half of q's mass, on more tokens than the CPU backend centres on, falls by a thousand nats: E_q[e^delta] is
// 1/2, the sum of terms that are near +500 and -500.
TEST(DivergenceTokens, ManyTokensThatVanish) {
  const Both both;
  std::vector<double> x(200);
  std::vector<double> dx(200);
  for (size_t v = 100; v < 200; ++v) {
    x[v] = -0.01;
    dx[v] = -1000;
  }
  const Case c = by_token(x, dx);
  expect_definition(*both.reference, c, kF64, 1000);
  expect_definition(*both.cpu, c, kF32, 1);
}

// The pilot's 1,024 of 5,001 nearly equally likely tokens cannot estimate log E_q[e^d] well for moves of 1.5
// nats: rows walk twice. Moves of 100 nats leave f32: rows are computed in f64. Both happen, and are right.
TEST(DivergenceWays, RowsWalkTwiceOrFallBackToF64) {
  for (const auto products : {cpu::DifferenceProducts::kF32, cpu::DifferenceProducts::kEmulatedBf16}) {
    for (const double move : {1.5, 100.0}) {
      Numbers numbers(17);
      const Case c = make_case(numbers, 5001, {.base = 0.1, .move = move});
      const auto backend = make_cpu_backend();
      cpu::OneDnn onednn;
      const cpu::CpuHead head(onednn, source_of(c.head, c.vocabulary, c.hidden), products);
      const auto base = cpu::make_readout(head, Slice(*backend, c.x, c.hidden).view(), c.targets, {});
      cpu::DifferenceOperands operands(products);
      std::vector<RowResponse> found(static_cast<size_t>(c.pushes * c.rows));
      const cpu::LongerWays ways = cpu::divergence(head, dynamic_cast<const cpu::CpuReadout&>(*base),
                                                   Slice(*backend, c.dx, c.hidden).view(), operands, found);
      if (move < 10) {
        EXPECT_GT(ways.walked_again, 0);
        EXPECT_EQ(ways.in_f64, 0);
      } else {
        EXPECT_EQ(ways.in_f64, c.pushes * c.rows);
      }
      // f32: as expect_definition has it. bf16 rounds dx and W_U: 2^-8 of each logit's difference.
      const double bound = products == cpu::DifferenceProducts::kF32 || move > 10 ? 1e-4 : 2e-2;
      for (size_t r = 0; r < found.size(); ++r) {
        const RowResponse expected = definition(c, static_cast<int64_t>(r));
        EXPECT_NEAR(found[r].kl, expected.kl, bound * expected.kl) << "move " << move;
        EXPECT_NEAR(found[r].js, expected.js, bound * expected.js) << "move " << move;
        EXPECT_NEAR(found[r].total_variation, expected.total_variation,
                    std::max(1e-3, bound) * expected.total_variation)
            << "move " << move;
      }
    }
  }
}

// A token that q all but rules out, e^-95, takes everything.
TEST(DivergenceTokens, UnlikelyTokenTakesAll) {
  const Both both;
  for (const double move : {59.0, 70.0, 90.0, 95.0, 97.0, 120.0, 300.0}) {
    const Case c = by_token({0, 0, 1, -95}, {0.25, 0, -0.5, move});
    expect_definition(*both.reference, c, kF64, move);
    expect_definition(*both.cpu, c, kF32, move);
  }
}

}  // namespace
}  // namespace tugline::test
