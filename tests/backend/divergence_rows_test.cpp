// Rows and tokens of a divergence: each row against its own base and target, tokens that draw level, vanish
// or take all, and the ways that a row's sums are computed.
#include <gtest/gtest.h>

#include <algorithm>

#include "backend/divergence_definition.h"
#include "tugline/backend/cpu/cpu_divergence.h"

namespace tugline::test {
namespace {

// The reference backend holds the logits of 32 rows at once, which is no multiple of a base of 3 rows.
TEST(DivergenceRows, ManyRowsAreEachComparedWithTheirOwnBase) {
  Numbers numbers(8);
  const Both both;
  const DivergenceCase c = make_case(numbers, 200, {.base = 3, .move = 0.3}, 3, 25);
  expect_definition(*both.reference, c, kF64Unit, 0.3);
  expect_definition(*both.cpu, c, kUnit, 0.3);
}

// The first row's mass is on the first half of the tokens, the second row's on the second. A push raises the
// first half by 1/2 and lowers the second: either row's own tokens move alike, which is no move. A row that
// was centred on the other's mean would see a shift of 1 instead, of which f32 leaves 1e-8 of KL or more.
TEST(DivergenceRows, EachIsCentredOnItsOwnBase) {
  Numbers numbers(9);
  const Both both;
  DivergenceCase c = make_case(numbers, 200, {.base = 3, .move = 0}, 2, 1);
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
  DivergenceCase c = make_case(numbers, 2100, {}, 3, 2);
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
DivergenceCase by_token(std::vector<double> x, std::vector<double> dx) {
  const auto n = static_cast<int64_t>(x.size());
  DivergenceCase c{.vocabulary = n,
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
  const DivergenceCase c = by_token(x, dx);
  expect_definition(*both.reference, c, kF64Unit, 1000);
  expect_definition(*both.cpu, c, kUnit, 1);
}

// A token that q all but rules out, e^-95, takes everything.
TEST(DivergenceTokens, UnlikelyTokenTakesAll) {
  const Both both;
  for (const double move : {59.0, 70.0, 90.0, 95.0, 97.0, 120.0, 300.0}) {
    const DivergenceCase c = by_token({0, 0, 1, -95}, {0.25, 0, -0.5, move});
    expect_definition(*both.reference, c, kF64Unit, move);
    expect_definition(*both.cpu, c, kUnit, move);
  }
}

// The pilot's 1,024 of 5,001 nearly equally likely tokens cannot estimate log E_q[e^d] well for moves of 1.5
// nats: rows walk twice. Moves of 100 nats leave f32: rows are computed in f64. Both happen, and are right.
TEST(DivergenceWays, RowsWalkTwiceOrFallBackToF64) {
  for (const auto products : {cpu::DifferenceProducts::kF32, cpu::DifferenceProducts::kEmulatedBf16}) {
    for (const double move : {1.5, 100.0}) {
      Numbers numbers(17);
      const DivergenceCase c = make_case(numbers, 5001, {.base = 0.1, .move = move});
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

}  // namespace
}  // namespace tugline::test
