// What is asked about tokens: the difference of two answers' logits, and the tokens that moved most, against
// their definitions, on both backends. Right for tiny pushes: relative to the push's effect and not to the
// logits.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "backend/both_backends.h"
#include "tugline/core/error.h"

namespace tugline::test {
namespace {

constexpr int64_t kVocabulary = 5000;  // more than two of the CPU's tiles
constexpr int64_t kHidden = 24;
constexpr int64_t kRows = 3;
constexpr int64_t kPushes = 2;
constexpr AskedTokens kAsked{.answers = AnswerPair{4321, 7}, .moved = 4};

struct Case {
  std::vector<double> head;
  std::vector<double> x;
  std::vector<double> dx;
};

// Logits are normal with standard deviation 3, differences with `move`.
Case make_case(uint32_t seed, double move) {
  Numbers numbers(seed);
  const double unit = 1 / std::sqrt(static_cast<double>(kHidden));
  return {numbers.normals(kVocabulary * kHidden, unit), numbers.normals(kRows * kHidden, 3),
          numbers.normals(kPushes * kRows * kHidden, move)};
}

std::vector<Long> products(const Case& c, const std::vector<double>& x, int64_t row) {
  std::vector<Long> out(kVocabulary);
  for (int64_t v = 0; v < kVocabulary; ++v)
    for (int64_t i = 0; i < kHidden; ++i)
      out[static_cast<size_t>(v)] += static_cast<Long>(c.head[static_cast<size_t>(v * kHidden + i)]) *
                                     static_cast<Long>(x[static_cast<size_t>(row * kHidden + i)]);
  return out;
}

// p - q, in long double: with log E_q[e^d] by expm1, so that a tiny push loses nothing.
std::vector<Long> changes(const Case& c, int64_t pushed_row, double temperature) {
  std::vector<Long> log_q = products(c, c.x, pushed_row % kRows);
  std::vector<Long> delta = products(c, c.dx, pushed_row);
  for (Long& l : log_q) l /= static_cast<Long>(temperature);
  for (Long& d : delta) d /= static_cast<Long>(temperature);
  Long sum = 0;
  for (const Long l : log_q) sum += std::exp(l);
  Long z = 0;
  for (size_t v = 0; v < log_q.size(); ++v) {
    log_q[v] -= std::log(sum);
    z += std::exp(log_q[v]) * std::expm1(delta[v]);
  }
  std::vector<Long> moved(log_q.size());
  for (size_t v = 0; v < moved.size(); ++v)
    moved[v] = std::exp(log_q[v]) * std::expm1(delta[v] - std::log1p(z));
  return moved;
}

std::vector<RowResponse> responses(Backend& backend, const Case& c, const ReadoutSettings& settings) {
  const auto head = backend.make_head(source_of(c.head, kVocabulary, kHidden));
  const std::vector<int32_t> targets{5, kNoTarget, 4999};
  const auto base = backend.make_readout(*head, Slice(backend, c.x, kHidden).view(), targets, settings);
  return backend.submit_divergence(*head, *base, Slice(backend, c.dx, kHidden).view())->collect();
}

void expect_moved(const std::vector<MovedToken>& found, std::vector<Long> moved, double sign,
                  double relative) {
  // A large push may leave fewer tokens that rise: all mass goes to one.
  const auto count =
      std::count_if(moved.begin(), moved.end(), [&](Long change) { return sign * change > 0; });
  ASSERT_EQ(std::ssize(found), std::min<std::ptrdiff_t>(4, count));
  std::vector<Long> sorted = moved;
  std::sort(sorted.begin(), sorted.end(), [&](Long a, Long b) { return sign * a > sign * b; });
  const auto scale = static_cast<double>(std::abs(sorted[0]));
  for (size_t k = 0; k < found.size(); ++k) {
    EXPECT_NEAR(found[k].change, static_cast<double>(sorted[k]), relative * scale);
    EXPECT_NEAR(found[k].change, static_cast<double>(moved[static_cast<size_t>(found[k].token)]),
                relative * scale);
  }
}

// q is off by some units of the logits' size: 1e-4 leaves ten times as much. A delta is off by sqrt(hidden) <
// 5 units of the move, 16 for the worst of many.
TEST(AskedTokens, AreTheirDefinitionsForEveryMove) {
  const Both both;
  for (Backend* backend : {both.reference.get(), both.cpu.get()})
    for (const double move : {1e-12, 1e-6, 0.1, 3.0, 300.0})
      for (const double temperature : {1.0, 0.6}) {
        const Case c = make_case(static_cast<uint32_t>(std::lround(move * 10)) + 3, move);
        const bool is_f32 = backend == both.cpu.get();
        const double relative = (is_f32 ? 1e-4 : 1e-9) + 16 * (is_f32 ? kUnit : 0x1p-53) * move;
        const auto found =
            responses(*backend, c, {.temperature = temperature, .sampling = {}, .asked = kAsked});
        for (int64_t r = 0; r < kPushes * kRows; ++r) {
          SCOPED_TRACE(backend->name() + ", move " + std::to_string(move) + ", row " + std::to_string(r));
          const std::vector<Long> delta = products(c, c.dx, r);
          const RowResponse& response = found[static_cast<size_t>(r)];
          EXPECT_NEAR(response.answer_change, static_cast<double>(delta[4321] - delta[7]), relative * move);
          const std::vector<Long> moved = changes(c, r, temperature);
          expect_moved(response.rose, moved, 1, relative);
          expect_moved(response.fell, moved, -1, relative);
        }
      }
}

// By the definition on values: KL and all else that is always measured stays to the bit.
TEST(AskedTokens, ChangeNothingElse) {
  const Both both;
  for (Backend* backend : {both.reference.get(), both.cpu.get()}) {
    const Case c = make_case(11, 0.5);
    const auto plain = responses(*backend, c, {});
    const auto asked = responses(*backend, c, {.temperature = 1, .sampling = {}, .asked = kAsked});
    for (size_t r = 0; r < plain.size(); ++r) {
      EXPECT_TRUE(plain[r].rose.empty() && plain[r].fell.empty());
      EXPECT_EQ(plain[r].answer_change, 0);
      for (const Measure& measure : kMeasures) {
        if (!measure.has_mean() || !measure.is_always_measured()) continue;
        const double a = plain[r].*measure.row;
        const double b = asked[r].*measure.row;
        EXPECT_TRUE(a == b || (std::isnan(a) && std::isnan(b))) << backend->name() << " " << measure.name;
      }
    }
  }
}

// Where bf16 makes the products: W_U and dx are rounded for the tokens that moved, and not for the answers.
TEST(AskedTokens, InBf16) {
  const auto backend =
      make_cpu_backend({.precision = Precision::kBf16, .bf16_products = Bf16Products::kEmulated});
  for (const double move : {1e-6, 0.1}) {
    const Case c = make_case(5, move);
    const auto found = responses(*backend, c, {.temperature = 1, .sampling = {}, .asked = kAsked});
    for (int64_t r = 0; r < kPushes * kRows; ++r) {
      const std::vector<Long> delta = products(c, c.dx, r);
      EXPECT_NEAR(found[static_cast<size_t>(r)].answer_change, static_cast<double>(delta[4321] - delta[7]),
                  1e-5 * move);
      expect_moved(found[static_cast<size_t>(r)].rose, changes(c, r, 1), 1, 3e-2);
      expect_moved(found[static_cast<size_t>(r)].fell, changes(c, r, 1), -1, 3e-2);
    }
  }
}

// A row that a push does not move: no token rose or fell.
TEST(AskedTokens, WithoutAMoveThereAreNone) {
  const Both both;
  for (Backend* backend : {both.reference.get(), both.cpu.get()}) {
    Case c = make_case(2, 0.1);
    std::fill(c.dx.begin(), c.dx.end(), 0);
    for (const RowResponse& r : responses(*backend, c, {.temperature = 1, .sampling = {}, .asked = kAsked})) {
      EXPECT_EQ(r.answer_change, 0);
      EXPECT_TRUE(r.rose.empty() && r.fell.empty());
    }
  }
}

TEST(AskedTokens, OnValuesTheyAreTheDifferenceOfTwoDistributions) {
  const Both both;
  for (Backend* backend : {both.reference.get(), both.cpu.get()}) {
    const Case c = make_case(3, 0.5);
    std::vector<double> values = c.x;
    for (size_t i = 0; i < c.dx.size(); ++i) values.push_back(c.x[i % c.x.size()] + c.dx[i]);
    const auto head = backend->make_head(source_of(c.head, kVocabulary, kHidden));
    const std::vector<RowResponse> found =
        backend
            ->submit_comparison(*head, Slice(*backend, values, kHidden).view(), std::vector<int32_t>{5, 6, 7},
                                {.temperature = 0.6, .sampling = {}, .asked = kAsked})
            ->collect();
    ASSERT_EQ(found.size(), static_cast<size_t>(kPushes * kRows));
    for (int64_t r = 0; r < kPushes * kRows; ++r) {
      const std::vector<Long> delta = products(c, c.dx, r);
      EXPECT_NEAR(found[static_cast<size_t>(r)].answer_change, static_cast<double>(delta[4321] - delta[7]),
                  2e-5);
      expect_moved(found[static_cast<size_t>(r)].rose, changes(c, r, 0.6), 1, 1e-3);
      expect_moved(found[static_cast<size_t>(r)].fell, changes(c, r, 0.6), -1, 1e-3);
    }
  }
}

// A sample has the answers exactly: they need no vocabulary. Which tokens moved most it does not know.
TEST(AskedTokens, OfASampleTheAnswersOnly) {
  const auto cpu = make_cpu_backend();
  const Case c = make_case(4, 0.1);
  const TailSampling sampling{.head_remainder = 1e-2, .most_head = 512, .tail_tokens = 512, .stream = {}};
  const auto whole =
      responses(*cpu, c, {.temperature = 1, .sampling = {}, .asked = {.answers = kAsked.answers}});
  const auto sampled =
      responses(*cpu, c, {.temperature = 1, .sampling = sampling, .asked = {.answers = kAsked.answers}});
  for (size_t r = 0; r < whole.size(); ++r) EXPECT_EQ(sampled[r].answer_change, whole[r].answer_change);
  try {
    (void)responses(*cpu, c, {.temperature = 1, .sampling = sampling, .asked = {.answers = {}, .moved = 1}});
    ADD_FAILURE() << "a sample was asked for moved tokens";
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), ErrorCode::kUnsupported);
  }
}

}  // namespace
}  // namespace tugline::test
