// The divergence of pushed rows from base rows, on differences and on values, against the definition.
#include <gtest/gtest.h>

#include <algorithm>

#include "backend/divergence_definition.h"
#include "tugline/backend/cpu/cpu_divergence.h"
#include "tugline/backend/cpu/value_divergence.h"

namespace tugline::test {
namespace {

class Divergence : public testing::TestWithParam<int64_t> {
 protected:
  Numbers numbers_{static_cast<uint32_t>(GetParam())};
  Both both_;
};

TEST_P(Divergence, FollowsTheDefinition) {
  for (const double move : {0.01, 0.3, 3.0}) {
    const DivergenceCase c = make_case(numbers_, GetParam(), {.base = 3, .move = move});
    expect_definition(*both_.reference, c, kF64Unit, move);
    expect_definition(*both_.cpu, c, kUnit, move);
  }
}

// Where KL is 1e-12 and below, the definition itself needs more than long double: E_q[(delta - E_q[delta])^2]
// / 2 is the divergence to a relative error of delta, 1e-6 and below.
TEST_P(Divergence, TinyMovesKeepTheirDigits) {
  for (const double move : {1e-6, 1e-7, 1e-9}) {
    const DivergenceCase c = make_case(numbers_, GetParam(), {.base = 3, .move = move});
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
        const double unit = backend == both_.cpu.get() ? kUnit : kF64Unit;
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
  const DivergenceCase unit = make_case(numbers_, GetParam(), {.base = 3, .move = 0x1p-30});
  const auto scaled = [&](Backend& backend, int k) {
    DivergenceCase c = unit;
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
  const DivergenceCase unit = make_case(numbers_, GetParam(), {.base = 3, .move = 1}, 2, 1);
  for (Backend* backend : {both_.reference.get(), both_.cpu.get()}) {
    std::vector<double> curvature;
    for (const double epsilon : {1e-6, 1e-5, 1e-4, 1e-3}) {
      double sum = 0;
      for (const double sign : {1.0, -1.0}) {
        DivergenceCase c = unit;
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
    const DivergenceCase c = make_case(numbers_, GetParam(), {.base = 3, .move = move});
    expect_definition(*both_.reference, c, kF64Unit, move);
    expect_definition(*both_.cpu, c, kUnit, move);
  }
}

TEST_P(Divergence, NoMoveIsExactlyZero) {
  DivergenceCase c = make_case(numbers_, GetParam(), {});
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
  const DivergenceCase c = make_case(numbers_, GetParam(), {.base = 3, .move = 0.5});
  for (const double temperature : {0.25, 1.0, 2.0}) {
    DivergenceCase divided = c;
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
    const DivergenceCase c = make_case(numbers_, GetParam(), {.base = 2, .move = move}, 3, 24);
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
  DivergenceCase c = make_case(numbers_, GetParam(), {.base = 3, .move = 0});
  for (int64_t v = 0; v < c.vocabulary; ++v) c.head[static_cast<size_t>(v * c.hidden)] = 1;
  for (int64_t r = 0; r < c.pushes * c.rows; ++r) c.dx[static_cast<size_t>(r * c.hidden)] = 5;
  for (Backend* backend : {both_.reference.get(), both_.cpu.get()})
    for (const RowResponse& r : responses(*backend, c)) EXPECT_LT(r.kl, 1e-11) << backend->name();
}

TEST_P(Divergence, LogitsAreTheProducts) {
  const DivergenceCase c = make_case(numbers_, GetParam(), {});
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
      DivergenceCase c = make_case(numbers, vocabulary, {.base = 3, .move = 1}, 3, 2);
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
      DivergenceCase divided = c;
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

}  // namespace
}  // namespace tugline::test
