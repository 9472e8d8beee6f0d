// A row in f64: what it says of the likeliest tokens and of each measure's scale, which the audit judges by.
// Its responses are tested in divergence_test.cpp.
#include "tugline/backend/f64_row.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>
#include <vector>

namespace tugline {
namespace {

double scale_of(const F64Row& row, std::string_view measure) {
  for (size_t m = 0; m < kMeasures.size(); ++m)
    if (kMeasures[m].name == measure) return row.scales[m];
  throw std::invalid_argument("there is no such measure");
}

// Logits 5, 3, 1 lead by 2. With the push they are 5, 4.5, 1, which lead by 0.5; or 5, 3, 4.9, by 0.1.
TEST(F64Row, TheLeadIsTheLessClearOne) {
  const F64Base base = f64_base({5, 3, 1}, 1);
  EXPECT_DOUBLE_EQ(f64_row(base, std::vector<double>{0, 1.5, 0}, kNoTarget).lead.margin, 0.5);
  EXPECT_NEAR(f64_row(base, std::vector<double>{0, 0, 3.9}, kNoTarget).lead.margin, 0.1, 1e-14);
  EXPECT_DOUBLE_EQ(f64_row(base, std::vector<double>{1, 0, 0}, kNoTarget).lead.margin, 2);
  EXPECT_DOUBLE_EQ(f64_row(base, std::vector<double>{0, 0, 9}, kNoTarget).lead.margin, 2)
      << "the base's lead, over token 1; token 2 then leads by 5";
}

// The base's leaders are tokens 0 and 1, and the push's are tokens 3 and 0. Token 2 is no leader, although it
// moves far.
TEST(F64Row, TheLeadsSizesAreThoseOfItsTokens) {
  const F64Row row = f64_row(f64_base({5, -3, -9, -6}, 1), std::vector<double>{0.5, 0.25, -7, 12}, kNoTarget);
  EXPECT_EQ(row.response.top1_flip, 1);
  EXPECT_DOUBLE_EQ(row.lead.largest_logit, 6);
  EXPECT_DOUBLE_EQ(row.lead.largest_delta, 12);
}

// First-order measures are sums of terms of either sign. What these are rounded relative to is the spread of
// d under q, which stays if they cancel: sqrt(sum q (d - mean)^2), d the logits' change over the temperature,
// and for answers the logits' own.
TEST(F64Row, ScalesOfSignedMeasuresHaveTheSpread) {
  const std::vector<double> logits{1, 0, -1, 2};
  const std::vector<double> delta{0.25, -0.5, 0.125, 0.375};
  constexpr double kTemperature = 2;
  const AskedTokens asked{.answers = AnswerPair{0, 1}, .moved = 0};
  const F64Row row = f64_row(f64_base(logits, kTemperature), delta, 2, asked);
  std::vector<double> q;
  for (const double logit : logits) q.push_back(std::exp(logit / kTemperature));
  const double total = std::accumulate(q.begin(), q.end(), 0.0);
  double mean = 0;
  double square = 0;
  for (size_t v = 0; v < q.size(); ++v) {
    const double d = delta[v] / kTemperature;
    mean += q[v] / total * d;
    square += q[v] / total * d * d;
  }
  const double spread = std::sqrt(square - mean * mean);
  EXPECT_NEAR(scale_of(row, "delta_logprob"), std::abs(row.response.delta_logprob) + spread, 1e-14);
  EXPECT_DOUBLE_EQ(row.response.answer_change, 0.75);
  EXPECT_NEAR(scale_of(row, "answer_change"), 0.75 + spread * kTemperature, 1e-14);
  EXPECT_EQ(scale_of(row, "top1_flips"), 1);
  EXPECT_EQ(scale_of(row, "kl"), row.response.kl);
  EXPECT_GE(scale_of(row, "entropy_change"), std::abs(row.response.entropy_change));
}

}  // namespace
}  // namespace tugline
