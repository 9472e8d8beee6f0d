#include "tugline/backend/divergence_sums.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>
#include <vector>

namespace tugline {
namespace {

struct Distributions {
  std::vector<long double> q;
  std::vector<long double> d;  // log p - log q, up to a constant
};

// 400 tokens, pushed by normal numbers times `size`.
Distributions random_distributions(double size) {
  std::mt19937_64 random(7);
  std::normal_distribution<double> normal;
  Distributions made;
  long double total = 0;
  for (int i = 0; i < 400; ++i) {
    made.q.push_back(std::exp(static_cast<long double>(2 * normal(random))));
    made.d.push_back(static_cast<long double>(size * normal(random)));
    total += made.q.back();
  }
  for (long double& q : made.q) q /= total;
  return made;
}

long double z_of(const Distributions& on) {
  long double z = 0;
  for (size_t i = 0; i < on.q.size(); ++i) z += on.q[i] * std::expm1(on.d[i]);
  return z;
}

// The definitions in divergence_sums.h, term by term, over tokens [begin, end).
DivergenceSums sums_of(const Distributions& on, float log_z, float lift = 1, size_t begin = 0,
                       size_t end = 400) {
  long double entropy = 0;
  for (const long double q : on.q) entropy -= q * std::log(q);
  const long double square = static_cast<long double>(lift) * lift;
  long double forward = 0, backward = 0, mean = 0, js = 0, slope = 0, rise = 0, risen = 0, surprisal = 0;
  for (size_t i = begin; i < end; ++i) {
    const long double q = on.q[i], d = on.d[i], u = d - static_cast<long double>(log_z);
    const long double r = std::exp(u), l = std::log1p(std::expm1(u) / 2);
    forward += square * q * (d * std::exp(d) - std::expm1(d));
    backward += square * q * (std::expm1(d) - d);
    mean += q * d;
    js += square * q * (r * u - (1 + r) * l) / 2;
    slope += square * q * (r * (u - l) - std::expm1(u) / 2);
    rise += u > 0 ? q * std::expm1(d) : 0;
    risen += u > 0 ? q : 0;
    surprisal += q * std::expm1(d) * (std::log(q) + entropy);
  }
  return {static_cast<double>(forward), static_cast<double>(backward), static_cast<double>(mean),
          static_cast<double>(js),      static_cast<double>(slope),    static_cast<double>(rise),
          static_cast<double>(risen),   static_cast<double>(surprisal)};
}

float log_z_of(const Distributions& on) { return static_cast<float>(std::log1p(z_of(on))); }

struct Expected {
  long double kl = 0, kl_reverse = 0, js = 0, total_variation = 0, entropy_change = 0;
};
Expected by_definition(const Distributions& on) {
  const long double log_z = std::log1p(z_of(on));
  Expected expected;
  for (size_t i = 0; i < on.q.size(); ++i) {
    const long double q = on.q[i], change = on.d[i] - log_z, p = q * std::exp(change);
    const long double log_middle = std::log1p(std::expm1(change) / 2);  // log((p + q) / 2 / q)
    expected.kl += p * change;
    expected.kl_reverse -= q * change;
    expected.js += (p * (change - log_middle) - q * log_middle) / 2;
    expected.total_variation += std::abs(p - q) / 2;
    expected.entropy_change += q * std::log(q) - p * std::log(p);
  }
  return expected;
}

// The sums are exact here, so that only their combination rounds: by a few f64 roundings, which Z's logarithm
// magnifies to 1e-16 / |d|^2 of KL unless the series for tiny Z takes its place.
TEST(DivergenceSums, GivesTheResponsesOfTheDefinitions) {
  for (const double size : {1e-3, 0.1, 1.0, 3.0}) {
    const Distributions on = random_distributions(size);
    const float log_z = log_z_of(on);
    const DivergenceSums total = sums_of(on, log_z);
    ASSERT_EQ(next_pass(total, log_z), NextPass::kNone) << size;
    const RowResponse found = response_of(total, log_z, {.is_flip = true, .target_delta = 0.25F});
    const Expected expected = by_definition(on);
    const double bound = 1e-12 + 1e-15 / (size * size);
    EXPECT_NEAR(found.kl / static_cast<double>(expected.kl), 1, bound) << size;
    EXPECT_NEAR(found.kl_reverse / static_cast<double>(expected.kl_reverse), 1, bound) << size;
    // The origin is an f32, off by 1e-7 of log Z at most; the third order of the series is what is left.
    EXPECT_NEAR(found.js / static_cast<double>(expected.js), 1, 1e-9) << size;
    EXPECT_NEAR(found.total_variation / static_cast<double>(expected.total_variation), 1, 1e-6) << size;
    EXPECT_NEAR(found.entropy_change, static_cast<double>(expected.entropy_change), 1e-12) << size;
    EXPECT_DOUBLE_EQ(found.delta_logprob, 0.25 - std::log1p(static_cast<double>(z_of(on))));
    EXPECT_EQ(found.top1_flip, 1);
  }
}

// log(1 + Z) - Z would lose all of it: |d| is 1e-9, KL 1e-18.
TEST(DivergenceSums, KeepsTheKlOfTinyChanges) {
  Distributions on = random_distributions(1e-9);
  long double mean = 0;
  for (size_t i = 0; i < on.q.size(); ++i) mean += on.q[i] * on.d[i];
  for (long double& d : on.d) d -= mean;  // as a pass's origin centres them
  const DivergenceSums total = sums_of(on, log_z_of(on), 0x1p20F).lowered(0x1p20F);
  const Expected expected = by_definition(on);
  EXPECT_NEAR(total.kl() / static_cast<double>(expected.kl), 1, 1e-8);
  EXPECT_NEAR(total.kl_reverse() / static_cast<double>(expected.kl_reverse), 1, 1e-8);
}

// As an origin that is off by 3e-9 centres them: Z is 3e-9, and Z^2 / 2 is nine tenths of what forward and
// backward add up to. What is left is a tenth of them, so that it keeps the 1e-10 of these sums to 1e-9.
TEST(DivergenceSums, KeepsTheKlOfTinyChangesThatAreNotCentred) {
  Distributions on = random_distributions(1e-9);
  long double mean = 0;
  for (size_t i = 0; i < on.q.size(); ++i) mean += on.q[i] * on.d[i];
  for (long double& d : on.d) d += 3e-9L - mean;
  const DivergenceSums total = sums_of(on, log_z_of(on), 0x1p20F).lowered(0x1p20F);
  const Expected expected = by_definition(on);
  EXPECT_NEAR(total.kl() / static_cast<double>(expected.kl), 1, 1e-7);
  EXPECT_NEAR(total.kl_reverse() / static_cast<double>(expected.kl_reverse), 1, 1e-7);
}

// The series in eta is of second order. Its third derivative is at most 1/4 times the mass that moves, so
// that eta^3 / 24 is left, and the second order's own approximation is off by a tenth of JS (docs/method.md).
TEST(DivergenceSums, CorrectsJensenShannonForAnOriginThatIsOff) {
  for (const double size : {0.1, 1.0, 2.0}) {
    const Distributions on = random_distributions(size);
    const double js = static_cast<double>(by_definition(on).js);
    for (const float eta : {-0.03F, -0.01F, 0.01F, 0.03F}) {
      const float log_z = log_z_of(on) - eta;  // u is too large by eta
      const double exact_eta = std::log1p(static_cast<double>(z_of(on))) - static_cast<double>(log_z);
      const double found = sums_of(on, log_z).jensen_shannon(exact_eta);
      const double third = std::abs(std::pow(exact_eta, 3)) / 24;
      EXPECT_NEAR(found, js, third + 0.1 * exact_eta * exact_eta * js) << size << " eta " << eta;
    }
  }
}

TEST(DivergenceSums, AsksForOneMorePassIfTheOriginIsFarOff) {
  const Distributions on = random_distributions(0.1);
  const float log_z = log_z_of(on);
  // The variance of d is 0.01, so that 2.5e-4 of it allows an eta of 0.0016.
  EXPECT_EQ(next_pass(sums_of(on, log_z + 0.001F), log_z + 0.001F), NextPass::kNone);
  EXPECT_EQ(next_pass(sums_of(on, log_z + 0.003F), log_z + 0.003F), NextPass::kAgain);
  // Large changes are allowed an eta of sqrt(2.5e-4 * 4) = 0.032.
  const Distributions large = random_distributions(3);
  const float far = log_z_of(large);
  EXPECT_EQ(next_pass(sums_of(large, far + 0.02F), far + 0.02F), NextPass::kNone);
  EXPECT_EQ(next_pass(sums_of(large, far + 0.05F), far + 0.05F), NextPass::kAgain);
}

TEST(DivergenceSums, AsksForF64IfTheSumsLostTheRow) {
  DivergenceSums infinite;
  infinite.forward = std::numeric_limits<double>::infinity();
  EXPECT_EQ(next_pass(infinite, 0), NextPass::kInF64);
  DivergenceSums undefined;
  undefined.backward = std::numeric_limits<double>::quiet_NaN();
  EXPECT_EQ(next_pass(undefined, 0), NextPass::kInF64);
  // 1 + Z = 1 + 20 - 20.9 = 0.1 is the difference of sums 400 times as large.
  EXPECT_EQ(next_pass({.forward = 1, .backward = 20, .mean = -20.9}, 0), NextPass::kInF64);
}

TEST(SegmentSums, ReplacesAReplicateByTheOthers) {
  const Distributions on = random_distributions(0.5);
  const float log_z = log_z_of(on);
  SegmentSums row;
  const size_t head = 400 - kTailReplicates * 20;
  row.segments[0] = sums_of(on, log_z, 1, 0, head);
  for (size_t g = 0; g < static_cast<size_t>(kTailReplicates); ++g)
    row.segments[1 + g] = sums_of(on, log_z, 1, head + 20 * g, head + 20 * (g + 1));
  const DivergenceSums whole = sums_of(on, log_z);
  EXPECT_NEAR(row.total().forward, whole.forward, 1e-14);
  EXPECT_NEAR(row.total().surprisal, whole.surprisal, 1e-14);
  // Sums are linear, so that the mean of the delete-one sums is the whole sum.
  double mean = 0;
  for (size_t g = 0; g < static_cast<size_t>(kTailReplicates); ++g) {
    const DivergenceSums others = row.without(g, row.tail());
    EXPECT_NEAR(others.backward,
                row.segments[0].backward + (row.tail().backward - row.segments[1 + g].backward) * 16 / 15,
                1e-14);
    mean += others.backward / static_cast<double>(kTailReplicates);
  }
  EXPECT_NEAR(mean, whole.backward, 1e-14);
}

}  // namespace
}  // namespace tugline
