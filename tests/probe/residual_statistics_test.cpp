// Statistics of residuals against the plain formulas, whatever the order of transcripts; sinks stay out.
#include "tugline/probe/residual_statistics.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "support/expect_error.h"
#include "tugline/core/philox.h"
#include "tugline/probe/vectors.h"

namespace tugline::test {
namespace {

constexpr int64_t kHidden = 5;

struct Transcript {
  uint64_t hash;
  std::vector<double> residuals;  // [tokens * kHidden]
};

// Components of unlike sizes, that hang together, about a mean that is large beside them.
Transcript made(uint64_t hash, size_t tokens) {
  std::vector<double> values(tokens * kHidden);
  fill_normals({.key = 1, .stream = hash}, values);
  for (size_t t = 0; t < tokens; ++t) {
    double* row = values.data() + t * kHidden;
    for (size_t i = 1; i < kHidden; ++i) row[i] = row[i] * static_cast<double>(i) + 0.5 * row[i - 1];
    row[2] += 10;
  }
  return {hash, std::move(values)};
}

std::vector<Transcript> transcripts() { return {made(7, 11), made(3, 40), made(5, 2)}; }

ResidualStatistics statistics_of(const std::vector<Transcript>& all, uint64_t seed = 42) {
  ResidualAccumulator sums(kHidden, seed, Moments::kCovariance);
  for (const Transcript& t : all) sums.add(t.hash, t.residuals);
  return sums.finish();
}

// Every row but the first of each transcript: no made row is ten times as long as another.
std::vector<std::vector<double>> counted_rows(const std::vector<Transcript>& all) {
  std::vector<std::vector<double>> rows;
  for (const Transcript& t : all)
    for (size_t i = kHidden; i < t.residuals.size(); i += kHidden)
      rows.emplace_back(t.residuals.begin() + static_cast<std::ptrdiff_t>(i),
                        t.residuals.begin() + static_cast<std::ptrdiff_t>(i + kHidden));
  return rows;
}

double covariance(const std::vector<std::vector<double>>& rows, size_t a, size_t b) {
  double mean_a = 0;
  double mean_b = 0;
  for (const auto& row : rows) {
    mean_a += row[a] / static_cast<double>(rows.size());
    mean_b += row[b] / static_cast<double>(rows.size());
  }
  double sum = 0;
  for (const auto& row : rows) sum += (row[a] - mean_a) * (row[b] - mean_b);
  return sum / (static_cast<double>(rows.size()) - 1);
}

TEST(ResidualStatistics, AreThePlainFormulas) {
  const auto rows = counted_rows(transcripts());
  const ResidualStatistics found = statistics_of(transcripts());
  EXPECT_EQ(found.tokens, static_cast<int64_t>(rows.size()));
  EXPECT_EQ(found.sinks, 3);
  for (size_t i = 0; i < kHidden; ++i) {
    double mean = 0;
    for (const auto& row : rows) mean += row[i] / static_cast<double>(rows.size());
    EXPECT_NEAR(found.mean[i], mean, 1e-13 * 10);
    EXPECT_NEAR(found.variance[i], covariance(rows, i, i), 1e-12 * covariance(rows, i, i));
  }
}

// sum_k lambda_k u_k u_k^T is the covariance, and the u_k are orthonormal and sorted.
TEST(ResidualStatistics, ComponentsAreTheCovariances) {
  const auto rows = counted_rows(transcripts());
  const ResidualStatistics found = statistics_of(transcripts());
  ASSERT_EQ(found.components.size(), static_cast<size_t>(kHidden));
  double total = 0;
  for (size_t i = 0; i < kHidden; ++i) total += covariance(rows, i, i);
  for (size_t a = 0; a < kHidden; ++a)
    for (size_t b = 0; b < kHidden; ++b) {
      double sum = 0;
      for (size_t k = 0; k < kHidden; ++k)
        sum += found.component_variances[k] * found.components[k][a] * found.components[k][b];
      EXPECT_NEAR(sum, covariance(rows, a, b), 1e-12 * total);
      EXPECT_NEAR(dot(found.components[a], found.components[b]), a == b ? 1 : 0, 1e-13);
    }
  for (size_t k = 1; k < kHidden; ++k)
    EXPECT_LE(found.component_variances[k], found.component_variances[k - 1]);
  double held = 0;
  for (int64_t k = 0; k < found.factor_rank; ++k) held += found.component_variances[static_cast<size_t>(k)];
  EXPECT_GE(held, kFactorVariance * total * (1 - 1e-12));
  EXPECT_LT(held - found.component_variances[static_cast<size_t>(found.factor_rank - 1)],
            kFactorVariance * total);
}

TEST(ResidualStatistics, SampleIsTheSameInAnyOrder) {
  auto all = transcripts();
  const ResidualStatistics first = statistics_of(all);
  std::swap(all.front(), all.back());
  const ResidualStatistics second = statistics_of(all);
  ASSERT_EQ(first.sample.size(), counted_rows(all).size());
  for (size_t i = 0; i < first.sample.size(); ++i) {
    EXPECT_EQ(first.sample[i].example_hash, second.sample[i].example_hash);
    EXPECT_EQ(first.sample[i].position, second.sample[i].position);
    EXPECT_EQ(first.sample[i].values, second.sample[i].values);
  }
}

// A sink in the middle counts as a position, too.
TEST(ResidualStatistics, SampleSaysWhereItsResidualsAre) {
  std::vector<Transcript> all = transcripts();
  for (size_t i = 0; i < kHidden; ++i) all[1].residuals[4 * kHidden + i] = 1e4;
  for (const RealResidual& residual : statistics_of(all).sample) {
    const auto of = std::find_if(all.begin(), all.end(),
                                 [&](const Transcript& t) { return t.hash == residual.example_hash; });
    ASSERT_NE(of, all.end());
    const auto row = of->residuals.begin() + residual.position * kHidden;
    EXPECT_EQ(residual.values, std::vector<double>(row, row + kHidden));
  }
}

TEST(ResidualStatistics, LargeSamplesAreOfTheSizeThatIsSaid) {
  const std::vector<Transcript> all{made(1, 1500), made(2, 700)};
  const ResidualStatistics one = statistics_of(all);
  EXPECT_EQ(one.sample.size(), static_cast<size_t>(kSampledResiduals));
  const ResidualStatistics other = statistics_of(all, 43);
  size_t same = 0;
  for (size_t i = 0; i < one.sample.size(); ++i) same += one.sample[i].values == other.sample[i].values;
  EXPECT_LT(same, one.sample.size() / 10);
}

TEST(ResidualStatistics, SinksDoNotEnter) {
  std::vector<Transcript> all = transcripts();
  const ResidualStatistics without = statistics_of(all);
  for (size_t i = 0; i < kHidden; ++i) all[1].residuals.push_back(1e4);
  const ResidualStatistics with = statistics_of(all);
  EXPECT_EQ(with.sinks, without.sinks + 1);
  EXPECT_EQ(with.mean, without.mean);
  EXPECT_EQ(with.sample.size(), without.sample.size());
}

TEST(ResidualStatistics, TooFewTokensAreRefused) {
  expect_error(ErrorCode::kInput, {"two tokens", "1 are there"}, [] { (void)statistics_of({made(1, 2)}); });
}

}  // namespace
}  // namespace tugline::test
