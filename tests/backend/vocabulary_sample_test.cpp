// Head exactly, tail sampled: the choice of tokens, that its sums are unbiased, and that its standard error
// is what errors are like.
#include "tugline/backend/cpu/vocabulary_sample.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

#include "backend/both_backends.h"
#include "support/expect_error.h"
#include "tugline/core/error.h"

namespace tugline::test {
namespace {

using cpu::sample_vocabulary;
using cpu::VocabularySample;

constexpr int64_t kVocabulary = 3000;
constexpr int64_t kHidden = 24;
constexpr int64_t kRows = 3;
constexpr int64_t kPushes = 4;

// Random base rows and moves over a vocabulary of 3000, of which a row's likeliest hundreds hold nearly all.
struct SampledCase {
  explicit SampledCase(Backend& on, double move = 0.1) : backend(on) {
    Numbers numbers(3);
    head = backend.make_head(
        source_of(numbers.normals(kVocabulary * kHidden, 1 / std::sqrt(static_cast<double>(kHidden))),
                  kVocabulary, kHidden));
    x = numbers.normals(kRows * kHidden, 2);
    dx = numbers.normals(kPushes * kRows * kHidden, move);
  }
  [[nodiscard]] std::vector<RowResponse> run(const std::optional<TailSampling>& sampling,
                                             double temperature = 1) const {
    const auto base = backend.make_readout(*head, Slice(backend, x, kHidden).view(), targets,
                                           {.temperature = temperature, .sampling = sampling});
    return backend.submit_divergence(*head, *base, Slice(backend, dx, kHidden).view())->collect();
  }
  Backend& backend;
  std::unique_ptr<Head> head;
  std::vector<double> x, dx;
  std::vector<int32_t> targets{kVocabulary - 1, 7, kNoTarget};
};

TailSampling sampling(uint64_t stream, int64_t tail_tokens = 160, double head_remainder = 0.1) {
  return {.head_remainder = head_remainder,
          .most_head = kVocabulary,
          .tail_tokens = tail_tokens,
          .stream = {.key = 42, .stream = stream}};
}

// Base distributions of two rows, and the lengths of W_U's rows.
struct Base {
  Base() {
    Numbers numbers(11);
    for (int r = 0; r < 2; ++r) {
      std::vector<double> row = numbers.normals(kVocabulary, 3);
      for (double& v : row) v = std::exp(v);
      const double sum = std::accumulate(row.begin(), row.end(), 0.0);
      for (const double v : row) q.push_back(static_cast<float>(v / sum));
    }
    for (const double v : numbers.normals(kVocabulary)) norms.push_back(static_cast<float>(v * v));
  }
  [[nodiscard]] VocabularySample sample(const TailSampling& sampling) const {
    return sample_vocabulary(
        {.q = q, .rows = 2, .certain = targets, .squared_norms = norms, .mean_squared_norm = 0.5}, sampling);
  }
  std::vector<float> q, norms;
  std::vector<int32_t> targets{17, kNoTarget};
};

TEST(VocabularySampling, HeadHoldsAllButTheRemainderOfEveryRow) {
  const Base base;
  for (const double remainder : {0.3, 0.05, 0.01}) {
    const VocabularySample sample = base.sample(sampling(1, 160, remainder));
    const std::span<const int32_t> head(sample.tokens.data(), static_cast<size_t>(sample.head));
    EXPECT_TRUE(std::is_sorted(head.begin(), head.end()));
    EXPECT_EQ(std::adjacent_find(head.begin(), head.end()), head.end());
    EXPECT_TRUE(std::binary_search(head.begin(), head.end(), 17));  // the target
    EXPECT_LT(sample.head, kVocabulary - 160);
    for (size_t r = 0; r < 2; ++r) {
      double mass = 0;
      for (const int32_t token : head) mass += base.q[r * kVocabulary + static_cast<size_t>(token)];
      EXPECT_GE(mass, 1 - remainder - 1e-6) << "row " << r;
    }
  }
}

TEST(VocabularySampling, HeadKeepsToItsMost) {
  TailSampling limited = sampling(1, 160, 1e-3);
  const int64_t unlimited = Base().sample(limited).head;
  limited.most_head = 200;
  const int64_t head = Base().sample(limited).head;
  EXPECT_GT(unlimited, 400);
  EXPECT_LE(head, 200 + 160) << "beside the targets and what every replicate would draw";
  EXPECT_GT(head, 50);
}

TEST(VocabularySampling, TailIsDrawnInEqualReplicatesFromOutsideTheHead) {
  const VocabularySample sample = Base().sample(sampling(1));
  const std::vector<int64_t> ends = sample.segment_ends();
  ASSERT_EQ(ends.size(), 1U + kTailReplicates);
  EXPECT_EQ(ends.front(), sample.head);
  EXPECT_EQ(ends.back(), static_cast<int64_t>(sample.tokens.size()));
  EXPECT_EQ(ends.back() - sample.head, 160);
  for (size_t g = 1; g < ends.size(); ++g) EXPECT_EQ(ends[g] - ends[g - 1], 10);
  const auto head_end = sample.tokens.begin() + static_cast<std::ptrdiff_t>(sample.head);
  for (auto token = head_end; token != sample.tokens.end(); ++token)
    EXPECT_FALSE(std::binary_search(sample.tokens.begin(), head_end, *token));
}

TEST(VocabularySampling, DependsOnItsStreamOnly) {
  const Base base;
  EXPECT_EQ(base.sample(sampling(1)).tokens, base.sample(sampling(1)).tokens);
  EXPECT_NE(base.sample(sampling(1)).tokens, base.sample(sampling(2)).tokens);
}

// The mean over many samples of the tail's mass in each row, and of another sum, is the true one: within 4
// standard errors of that mean.
TEST(VocabularySampling, SumsAreUnbiased) {
  const Base base;
  constexpr int kSamples = 400;
  for (size_t r = 0; r < 2; ++r) {
    const auto term = [&](int32_t t) {
      return static_cast<double>(base.q[r * kVocabulary + static_cast<size_t>(t)]) * (1 + t % 7);
    };
    double expected = 0;
    for (int32_t t = 0; t < kVocabulary; ++t) expected += term(t);
    double sum = 0;
    double squares = 0;
    for (uint64_t stream = 0; stream < kSamples; ++stream) {
      const VocabularySample sample = base.sample(sampling(stream));
      double found = 0;
      for (size_t i = 0; i < sample.tokens.size(); ++i) found += sample.factors[i] * term(sample.tokens[i]);
      sum += found - expected;
      squares += (found - expected) * (found - expected);
    }
    EXPECT_GT(squares, 0);
    EXPECT_LT(std::abs(sum / kSamples), 4 * std::sqrt(squares) / kSamples) << "row " << r;
  }
}

TEST(SampledDivergence, IsNearTheExactOneAndSaysHowNear) {
  const auto backend = make_cpu_backend();
  double squares = 0;
  double largest_error = 0;
  int count = 0;
  for (const double move : {1e-5, 0.3}) {
    const SampledCase c(*backend, move);
    const auto exact = c.run(std::nullopt);
    for (uint64_t stream = 0; stream < 40; ++stream) {
      const auto found = c.run(sampling(stream, 480));
      for (size_t r = 0; r < found.size(); ++r) {
        double sum = 0;
        double variance = 0;
        for (const double d : found[r].kl_deviations) sum += d;
        for (const double d : found[r].kl_deviations) variance += (d - sum / 16) * (d - sum / 16);
        variance *= 15.0 / 16;
        ASSERT_GT(variance, 0);
        squares += std::pow(found[r].kl - exact[r].kl, 2) / variance;
        largest_error = std::max(largest_error, std::abs(found[r].kl / exact[r].kl - 1));
        ++count;
      }
    }
  }
  // Normal errors over standard errors of 15 degrees of freedom would follow Student's t, whose
  // variance is 15 / 13. A tail's terms are skewed, and rows share a sample.
  EXPECT_GT(squares / count, 0.7);
  EXPECT_LT(squares / count, 1.8);
  EXPECT_LT(largest_error, 0.3);
  std::printf("errors over standard errors, rms: %.2f\n", std::sqrt(squares / count));
  EXPECT_GT(largest_error, 1e-3) << "nothing was sampled";
}

TEST(SampledDivergence, OtherColumnsAreEstimatesToo) {
  const auto backend = make_cpu_backend();
  const SampledCase c(*backend);
  const auto exact = c.run(std::nullopt);
  const auto found = c.run(sampling(1, 800, 0.01));
  for (size_t r = 0; r < found.size(); ++r) {
    EXPECT_NEAR(found[r].kl_reverse, exact[r].kl_reverse, 0.02 * exact[r].kl_reverse);
    EXPECT_EQ(std::isnan(found[r].delta_logprob), r % kRows == 2);
    if (r % kRows < 2) {
      EXPECT_NEAR(found[r].delta_logprob, exact[r].delta_logprob, 2e-3);
    }
    EXPECT_EQ(found[r].top1_flip, exact[r].top1_flip);
    EXPECT_NEAR(found[r].js, exact[r].js, 0.02 * exact[r].js);
    EXPECT_NEAR(found[r].total_variation, exact[r].total_variation, 0.02 * exact[r].total_variation);
    EXPECT_NEAR(found[r].entropy_change, exact[r].entropy_change, 0.03 * exact[r].total_variation);
  }
}

// At every temperature the head holds the tokens that may become the likeliest: flips are those of the whole
// vocabulary at temperature 1.
TEST(SampledDivergence, FlipsDoNotDependOnTheTemperature) {
  for (const auto precision : {Precision::kF32, Precision::kBf16}) {
    const auto backend = make_cpu_backend({.precision = precision, .bf16_products = Bf16Products::kEmulated});
    const SampledCase c(*backend, 1);
    const auto exact = c.run(std::nullopt);
    EXPECT_GT(std::count_if(exact.begin(), exact.end(), [](const RowResponse& r) { return r.top1_flip; }), 0);
    for (const double temperature : {0.3, 0.6, 0.7, 1.0, 1.3, 3.0}) {
      const auto found = c.run(sampling(1, 160, 1e-3), temperature);
      for (size_t r = 0; r < found.size(); ++r)
        EXPECT_EQ(found[r].top1_flip, exact[r].top1_flip)
            << backend->name() << " temperature " << temperature;
    }
  }
}

// A tail of no more tokens than would be drawn is computed whole.
TEST(SampledDivergence, SmallVocabulariesAreExact) {
  const auto backend = make_cpu_backend();
  const SampledCase c(*backend);
  const auto exact = c.run(std::nullopt);
  const auto found = c.run(sampling(1, 3200));
  for (size_t r = 0; r < found.size(); ++r) {
    EXPECT_NEAR(found[r].kl, exact[r].kl, 1e-6 * exact[r].kl);
    for (const double d : found[r].kl_deviations) EXPECT_EQ(d, 0);
  }
}

TEST(SampledDivergence, NoMoveIsExactlyZero) {
  const auto backend = make_cpu_backend();
  for (const RowResponse& r : SampledCase(*backend, 0).run(sampling(1))) {
    EXPECT_EQ(r.kl, 0);
    EXPECT_EQ(r.kl_reverse, 0);
    EXPECT_FALSE(r.top1_flip);
    for (const double d : r.kl_deviations) EXPECT_EQ(d, 0);
  }
}

// Moves of a hundred nats leave what f32's sums hold: such rows are computed over the whole vocabulary.
TEST(SampledDivergence, BigMovesAreComputedWhole) {
  const auto backend = make_cpu_backend();
  const SampledCase c(*backend, 100);
  const auto exact = c.run(std::nullopt);
  const auto found = c.run(sampling(1));
  for (size_t r = 0; r < found.size(); ++r) {
    EXPECT_NEAR(found[r].kl, exact[r].kl, 1e-5 * exact[r].kl);
    EXPECT_EQ(found[r].kl_deviations, exact[r].kl_deviations);
  }
}

TEST(SampledDivergence, ReferenceRefusesIt) {
  const auto backend = make_reference_backend();
  expect_error(ErrorCode::kUnsupported, {"reference-f64", "vocabulary", "sampled"},
               [&] { (void)SampledCase(*backend).run(sampling(1)); });
}

}  // namespace
}  // namespace tugline::test
