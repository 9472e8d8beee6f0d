// kl and kl_of_difference against closed forms, at differences at which a log-softmax has no digits left.
#include "tugline/divergence.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>

namespace tugline {
namespace {

// KL(p || q) of two tokens with logits (d, 0) and (0, 0), in long double.
long double two_tokens(long double d) {
  const long double p = 1 / (1 + std::exp(-d));
  return p * d - std::log1p(std::expm1(d) / 2);
}

TEST(Kl, IsTheClosedFormOfTwoTokens) {
  for (const double d : {0.25, 1.0, 5.0, 30.0}) {
    const std::vector<double> p{d, 0, -d, 0};
    const std::vector<double> q{0, 0, 0, 0};
    const std::vector<double> found = kl(p, q, 2);
    ASSERT_EQ(found.size(), 2U);
    EXPECT_NEAR(found[0] / static_cast<double>(two_tokens(d)), 1, 1e-13) << d;
    EXPECT_NEAR(found[1] / static_cast<double>(two_tokens(-d)), 1, 1e-13) << d;
  }
}

// A difference d at one of two equal tokens gives d^2 / 8 (1 + O(d)).
TEST(KlOfDifference, KeepsItsDigitsHoweverSmallTheDifference) {
  const std::vector<double> base{0, 0};
  for (const double d : {1e-6, 1e-20, 1e-100}) {
    const std::vector<double> delta{d, 0};
    EXPECT_NEAR(kl_of_difference(delta, base, 2).at(0) / (d * d / 8), 1, 2 * d + 1e-14) << d;
  }
}

TEST(KlOfDifference, DividesByTheTemperature) {
  const std::vector<double> base{1, -2, 0.5};
  const std::vector<double> delta{0.3, 0.1, -0.2};
  const std::vector<double> divided_base{1 / 0.7, -2 / 0.7, 0.5 / 0.7};
  const std::vector<double> divided_delta{0.3 / 0.7, 0.1 / 0.7, -0.2 / 0.7};
  EXPECT_NEAR(kl_of_difference(delta, base, 3, 0.7).at(0),
              kl_of_difference(divided_delta, divided_base, 3).at(0), 1e-15);
}

TEST(Kl, NamesWhatIsWrong) {
  const std::vector<double> two{0, 1};
  const std::vector<double> one{0};
  const std::vector<double> infinite{0, std::numeric_limits<double>::infinity()};
  for (const std::function<void()>& call :
       std::vector<std::function<void()>>{[&] { (void)kl(two, two, 3); }, [&] { (void)kl(two, infinite, 2); },
                                          [&] { (void)kl(two, two, 2, 0); }, [&] { (void)kl(two, one, 1); },
                                          [&] { (void)kl(two, two, 0); }}) {
    try {
      call();
      ADD_FAILURE() << "no error";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kUsage);
    }
  }
}

}  // namespace
}  // namespace tugline
