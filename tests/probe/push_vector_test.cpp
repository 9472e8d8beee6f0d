// Families of directions, and the vectors that kinds of push make of them.
#include "tugline/probe/push_vector.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "support/expect_error.h"
#include "tugline/core/philox.h"
#include "tugline/probe/vectors.h"

namespace tugline::test {
namespace {

constexpr int64_t kHidden = 16;
constexpr double kRounding = 1e-14;  // of sums of 16 terms of size 1, with room

std::vector<double> drawn(uint64_t stream, size_t size) {
  std::vector<double> values(size);
  fill_normals({.key = 9, .stream = stream}, values);
  return values;
}

ResidualStatistics statistics() {
  ResidualAccumulator sums(kHidden, 42, Moments::kCovariance);
  for (uint64_t hash = 1; hash <= 4; ++hash) {
    std::vector<double> rows = drawn(hash, 60 * kHidden);
    for (size_t i = 0; i < rows.size(); ++i) rows[i] *= 1 + static_cast<double>(i % kHidden);
    for (size_t i = 1; i < rows.size(); ++i)
      if (i % kHidden != 0) rows[i] += 0.5 * rows[i - 1];
    sums.add(hash, rows);
  }
  return sums.finish();
}

class PushVectors : public testing::Test {
 protected:
  ResidualStatistics residuals_ = statistics();
  PushOptions options_{.epsilons = {0.5, -2},
                       .directions = 4,
                       .seed = 42,
                       .sharing = DirectionSharing::kCommon,
                       .supplied = {}};
  UnitSite site_{.example_hash = 2,
                 .span = {5, 9},
                 .layer = {3},
                 .position = {4},
                 .residual = drawn(77, kHidden),
                 .residuals = &residuals_};

  [[nodiscard]] std::vector<double> direction(int32_t number, double epsilon = 0) const {
    return push_direction(options_, site_, {number, epsilon});
  }
};

constexpr std::array kAll = {DirectionFamily::kIsotropic,          DirectionFamily::kMeanCentred,
                             DirectionFamily::kCovarianceDiagonal, DirectionFamily::kCovariance,
                             DirectionFamily::kDifference,         DirectionFamily::kPrincipal};

TEST_F(PushVectors, DirectionsOfEveryFamilyAreUnitVectorsOfTheirOwn) {
  std::set<std::vector<double>> seen;
  for (const DirectionFamily family : kAll) {
    options_.family = family;
    for (int32_t d = 0; d < 4; ++d) {
      EXPECT_NEAR(norm(direction(d)), 1, kRounding);
      EXPECT_EQ(direction(d), direction(d)) << name_of(family);
      seen.insert(direction(d));
    }
  }
  EXPECT_EQ(seen.size(), 4 * kAll.size());
}

// As a supplied vector they are the same wherever they are pushed, and as one they are made orthogonal.
TEST_F(PushVectors, NullDirectionsFollowTheSuppliedOnesAndAreTheSameEverywhere) {
  options_.supplied = {.rows = {direction(0), direction(1)}};
  options_.directions = 2;
  options_.null_directions = 3;
  check_push_options(options_, kHidden);
  EXPECT_EQ(all_directions(options_), 5);
  EXPECT_EQ(direction(1), options_.supplied.rows[1]);
  const std::vector<double> null = direction(2);
  EXPECT_EQ(null, null_direction(42, 0, kHidden));
  EXPECT_NE(null, direction(3));
  site_.layer = {1};
  site_.example_hash = 9;
  site_.span = {1, 2};
  EXPECT_EQ(direction(2), null);
  options_.orthogonal = Orthogonal::kToResidual;
  EXPECT_NEAR(dot(direction(2), site_.residual) / norm(site_.residual), 0, kRounding);
  options_.seed = 43;
  EXPECT_NE(null_direction(43, 0, kHidden), null);
  options_.supplied = {};
  expect_error(ErrorCode::kUsage, {"null_directions: ", "vectors of your own"},
               [&] { check_push_options(options_, kHidden); });
}

TEST_F(PushVectors, RandomFamiliesDependOnEveryPartOfTheirKey) {
  for (const DirectionFamily family : kAll) {
    if (family == DirectionFamily::kPrincipal) continue;
    options_ = {.epsilons = {0.5, -2},
                .directions = 4,
                .seed = 42,
                .sharing = DirectionSharing::kCommon,
                .supplied = {},
                .family = family};
    const UnitSite site = site_;
    std::set<std::vector<double>> seen{direction(0), direction(1)};
    EXPECT_EQ(direction(0, 1), direction(0, 0));
    options_.sharing = DirectionSharing::kIndependent;
    seen.insert(direction(0, 1));
    options_.seed = 43;
    seen.insert(direction(0));
    options_.seed = 42;
    site_.example_hash = 3;
    seen.insert(direction(0));
    site_ = site;
    site_.span.end = 10;
    seen.insert(direction(0));
    site_ = site;
    site_.layer = {4};
    seen.insert(direction(0));
    site_ = site;
    EXPECT_EQ(seen.size(), 7U) << name_of(family);
  }
}

TEST_F(PushVectors, NamesReadBack) {
  for (const DirectionFamily family : kAll) EXPECT_EQ(parse_direction_family(name_of(family)), family);
  for (const PushKind kind : {PushKind::kAdditive, PushKind::kRotation, PushKind::kInterpolation})
    EXPECT_EQ(parse_push_kind(name_of(kind)), kind);
  expect_error(ErrorCode::kUsage, {"direction_family: ", "'gaussian'", "mean-centred", "principal"},
               [] { (void)parse_direction_family("gaussian"); });
  expect_error(ErrorCode::kUsage, {"push: ", "'turn'", "rotation"}, [] { (void)parse_push_kind("turn"); });
}

TEST_F(PushVectors, MeanCentredComponentsSumToZero) {
  options_.family = DirectionFamily::kMeanCentred;
  const std::vector<double> v = direction(0);
  EXPECT_NEAR(std::accumulate(v.begin(), v.end(), 0.0), 0, kRounding);
}

// Over many directions E[v_i v_j] is proportional to the covariance but for the normalisation, which shrinks
// what dominates: so unlike quantities are compared, in an order that no shrinking turns round.
TEST_F(PushVectors, CovarianceMatchedDirectionsLieWhereTheResidualsVary) {
  const auto mean_square = [&](DirectionFamily family, const std::vector<double>& along) {
    options_.family = family;
    double sum = 0;
    for (int32_t d = 0; d < 2000; ++d) sum += std::pow(dot(direction(d), along), 2) / 2000;
    return sum;
  };
  const std::vector<double>& first = residuals_.components.front();
  const std::vector<double>& last = residuals_.components.back();
  const double isotropic = mean_square(DirectionFamily::kIsotropic, first);
  EXPECT_NEAR(isotropic, 1.0 / kHidden, 0.01);  // 5 standard errors are 0.009
  EXPECT_GT(mean_square(DirectionFamily::kCovariance, first), 2 * isotropic);
  EXPECT_LT(mean_square(DirectionFamily::kCovariance, last), 0.05 * isotropic);
  std::vector<double> small(kHidden);
  std::vector<double> large(kHidden);
  small.front() = 1;
  large.back() = 1;
  EXPECT_GT(mean_square(DirectionFamily::kCovarianceDiagonal, large),
            20 * mean_square(DirectionFamily::kCovarianceDiagonal, small));
}

// The ratio of two parts of a direction is sqrt(variance / variance) times a ratio of two independent
// normals, whose absolute value has the median 1 and there the density 1 / pi. The median of 2,000 has a
// standard error of pi / 2 / sqrt(2000) = 3.5 %; five of these are allowed.
TEST_F(PushVectors, CovarianceMatchedDirectionsHaveTheResidualsDeviations) {
  const auto median_ratio = [&](DirectionFamily family, const std::vector<double>& a,
                                const std::vector<double>& b) {
    options_.family = family;
    std::vector<double> ratios;
    for (int32_t d = 0; d < 2000; ++d)
      ratios.push_back(std::abs(dot(direction(d), a) / dot(direction(d), b)));
    std::nth_element(ratios.begin(), ratios.begin() + 1000, ratios.end());
    return ratios[1000];
  };
  const auto unit = [](size_t i) {
    std::vector<double> v(kHidden);
    v[i] = 1;
    return v;
  };
  const double of_components =
      std::sqrt(residuals_.component_variances[1] / residuals_.component_variances[0]);
  const double of_axes = std::sqrt(residuals_.variance[1] / residuals_.variance[15]);
  ASSERT_LT(of_components, 0.9);
  ASSERT_LT(of_axes, 0.5);
  EXPECT_NEAR(median_ratio(DirectionFamily::kCovariance, residuals_.components[1], residuals_.components[0]) /
                  of_components,
              1, 0.175);
  EXPECT_NEAR(median_ratio(DirectionFamily::kCovarianceDiagonal, unit(1), unit(15)) / of_axes, 1, 0.175);
}

// With one component left the direction is that component, whatever is drawn.
TEST_F(PushVectors, CovarianceMatchedDirectionsStayInTheFactor) {
  options_.family = DirectionFamily::kCovariance;
  residuals_.factor_rank = 1;
  for (int32_t d = 0; d < 4; ++d)
    EXPECT_NEAR(std::abs(dot(direction(d), residuals_.components.front())), 1, kRounding);
}

TEST_F(PushVectors, DifferencesAreBetweenSampledResiduals) {
  options_.family = DirectionFamily::kDifference;
  residuals_.sample = {residuals_.sample[0], residuals_.sample[1]};
  std::vector<double> only = difference(residuals_.sample[0].values, residuals_.sample[1].values);
  scale(only, 1 / norm(only));
  for (int32_t d = 0; d < 8; ++d) EXPECT_NEAR(std::abs(dot(direction(d), only)), 1, kRounding);
  residuals_.sample[1].values = residuals_.sample[0].values;
  expect_error(ErrorCode::kInput, {"layer 3", "no two residuals that differ"}, [&] { (void)direction(0); });
}

TEST_F(PushVectors, PrincipalDirectionsAreTheComponents) {
  options_.family = DirectionFamily::kPrincipal;
  EXPECT_EQ(direction(2), residuals_.components[2]);
  residuals_.components.resize(2);
  expect_error(ErrorCode::kInput, {"layer 3", "principal components: 2"}, [&] { (void)direction(2); });
}

TEST_F(PushVectors, OrthogonalToTheResidual) {
  options_.orthogonal = Orthogonal::kToResidual;
  for (const DirectionFamily family : kAll) {
    options_.family = family;
    EXPECT_NEAR(dot(direction(1), site_.residual), 0, kRounding * norm(site_.residual));
    EXPECT_NEAR(norm(direction(1)), 1, kRounding);
    EXPECT_NEAR(push_vector(options_, site_, {1, 0}).cosine, 0, kRounding);
  }
  options_.supplied = {.rows = {site_.residual}};
  options_.family = DirectionFamily::kIsotropic;
  expect_error(ErrorCode::kInput, {"layer 3", "position 4", "direction 0", "residual"}, [&] {
    (void)push_direction(options_, site_, {0, 0});
  });
}

TEST_F(PushVectors, OrthogonalToASubspace) {
  std::vector<std::vector<double>> rows{drawn(1, kHidden), drawn(2, kHidden), drawn(1, kHidden)};
  for (auto& row : rows) scale(row, 1 / norm(row));
  options_.orthogonal = Orthogonal::kToSubspace;
  options_.subspace = orthonormal_basis(rows);
  EXPECT_EQ(options_.subspace.size(), 2U);
  for (const auto& row : rows) EXPECT_NEAR(dot(direction(0), row), 0, kRounding);
  options_.supplied = {.rows = {rows[1]}};
  expect_error(ErrorCode::kInput, {"direction 0", "subspace"}, [&] { (void)direction(0); });
}

// The direction is almost the residual's: a millionth of it is left. One removal leaves rounding along the
// residual, which is a million times as large beside that part.
TEST_F(PushVectors, OrthogonalEvenIfAlmostNothingIsLeft) {
  options_.orthogonal = Orthogonal::kToResidual;
  std::vector<double> along = site_.residual;
  scale(along, 1 / norm(along));
  for (uint64_t stream = 1; stream <= 8; ++stream) {
    std::vector<double> almost = along;
    add_scaled(drawn(stream, kHidden), 2e-6, almost);
    scale(almost, 1 / norm(almost));
    options_.supplied = {.rows = {almost}};
    EXPECT_NEAR(dot(direction(0), along), 0, kRounding);
    EXPECT_NEAR(norm(direction(0)), 1, kRounding);
  }
}

TEST_F(PushVectors, AdditionsAreEpsilonTimesRms) {
  for (const int32_t e : {0, 1}) {
    const PushVector push = push_vector(options_, site_, {2, options_.epsilons[static_cast<size_t>(e)]});
    const std::vector<double> v = direction(2);
    for (size_t i = 0; i < v.size(); ++i)
      EXPECT_DOUBLE_EQ(push.vector[i],
                       options_.epsilons[static_cast<size_t>(e)] * rms(site_.residual) * v[i]);
    EXPECT_NEAR(push.cosine, dot(v, site_.residual) / norm(site_.residual), kRounding);
  }
}

// A rotation keeps the norm, moves as far as an addition would, and towards its direction; also where it is
// so small that the sum of residual and vector would lose it.
TEST_F(PushVectors, RotationsKeepTheNorm) {
  options_.kind = PushKind::kRotation;
  options_.epsilons = {0.5, -2, 8, -8, 1e-9};  // 8 = 2 sqrt(16): half a turn
  const double length = norm(site_.residual);
  for (int32_t e = 0; e < 5; ++e) {
    const double epsilon = options_.epsilons[static_cast<size_t>(e)];
    const PushVector push = push_vector(options_, site_, {1, epsilon});
    // |h + x|^2 - |h|^2 = 2 h.x + x.x, which cancels only against itself.
    EXPECT_NEAR(2 * dot(site_.residual, push.vector) + dot(push.vector, push.vector), 0,
                kRounding * length * length * std::abs(epsilon));
    EXPECT_NEAR(norm(push.vector), std::abs(epsilon) * rms(site_.residual),
                kRounding * std::abs(epsilon) * length);
    std::vector<double> u = direction(1);
    std::vector<double> h = site_.residual;
    scale(h, 1 / length);
    add_scaled(h, -dot(h, u), u);
    if (std::abs(epsilon) < 8) {  // at half a turn u's part is gone
      EXPECT_GT(dot(u, push.vector) * epsilon, 0);
    }
  }
  options_.supplied = {.rows = {site_.residual}};
  scale(options_.supplied.rows[0], 1 / length);
  expect_error(ErrorCode::kInput, {"direction 0", "residual"}, [&] {
    (void)push_vector(options_, site_, {0, 0});
  });
}

TEST_F(PushVectors, InterpolationsGoToAnotherRealResidual) {
  options_.kind = PushKind::kInterpolation;
  options_.epsilons = {0.25, 1};
  const PushVector whole = push_vector(options_, site_, {1, 1});
  std::vector<double> end = site_.residual;
  add_scaled(whole.vector, 1, end);
  const auto is_end = [&](const RealResidual& other) {
    return norm(difference(other.values, end)) < kRounding * norm(other.values) * 10;
  };
  EXPECT_EQ(std::count_if(residuals_.sample.begin(), residuals_.sample.end(), is_end), 1);
  const PushVector quarter = push_vector(options_, site_, {1, 0.25});
  for (size_t i = 0; i < end.size(); ++i) EXPECT_DOUBLE_EQ(quarter.vector[i], 0.25 * whole.vector[i]);
  EXPECT_NEAR(whole.cosine, dot(whole.vector, site_.residual) / (norm(whole.vector) * norm(site_.residual)),
              kRounding);
  EXPECT_NEAR(dot(push_direction(options_, site_, {1, 0}), whole.vector), norm(whole.vector),
              kRounding * norm(whole.vector));
}

TEST_F(PushVectors, InterpolationsNeverGoToThePushedResidual) {
  options_.kind = PushKind::kInterpolation;
  residuals_.sample = {residuals_.sample[0], residuals_.sample[1]};
  site_.example_hash = residuals_.sample[0].example_hash;
  site_.position = {residuals_.sample[0].position};
  site_.residual = residuals_.sample[0].values;
  const std::vector<double> way = difference(residuals_.sample[1].values, site_.residual);
  options_.epsilons = {1};
  for (int32_t d = 0; d < 8; ++d) EXPECT_EQ(push_vector(options_, site_, {d, 1}).vector, way);
  residuals_.sample.resize(1);
  expect_error(ErrorCode::kInput, {"layer 3", "no real residual other than"}, [&] {
    (void)push_vector(options_, site_, {0, 0});
  });
}

TEST_F(PushVectors, WhatCannotBeIsRefusedBeforehand) {
  const auto refused = [](const std::vector<std::string>& parts, const PushOptions& options) {
    expect_error(ErrorCode::kUsage, parts, [&] { check_push_options(options, kHidden); });
  };
  check_push_options(options_, kHidden);
  PushOptions wrong = options_;
  wrong.kind = PushKind::kInterpolation;
  refused({"interpolation", "-2"}, wrong);
  wrong.epsilons = {0, 1};
  check_push_options(wrong, kHidden);
  wrong.family = DirectionFamily::kDifference;
  refused({"push: ", "interpolation", "direction family"}, wrong);
  wrong = options_;
  wrong.kind = PushKind::kRotation;
  wrong.epsilons = {8, -8};  // half a turn
  check_push_options(wrong, kHidden);
  wrong.epsilons = {8.1};
  refused({"rotation", "8.1", "half a turn"}, wrong);
  wrong = options_;
  wrong.family = DirectionFamily::kPrincipal;
  wrong.directions = kHidden + 1;
  refused({"principal", "16", "17"}, wrong);
  wrong.directions = 2;
  wrong.sharing = DirectionSharing::kIndependent;
  refused({"independent", "principal"}, wrong);
  wrong = options_;
  wrong.supplied = {.rows = {direction(0)}};
  wrong.family = DirectionFamily::kCovariance;
  refused({"direction_family: ", "covariance", "vectors of your own"}, wrong);
}

// The pushed residual of the sample is known by its place; its values may differ in their last digits.
TEST_F(PushVectors, MakersKnowThePlaceOfEachToken) {
  options_.kind = PushKind::kInterpolation;
  options_.epsilons = {1};
  site_.example_hash = 9;
  site_.further = {drawn(78, kHidden)};
  std::vector<double> rounded = site_.further[0];
  for (double& value : rounded) value *= 1 + 1e-7;
  const std::vector<double> other = drawn(79, kHidden);
  residuals_.sample = {{9, site_.position.value + 1, rounded}, {3, 1, other}};
  const std::vector<double> way = difference(other, site_.further[0]);
  PushMaker maker(options_, site_, 2);
  for (int32_t d = 0; d < 8; ++d) {
    const std::vector<double> both = maker.vectors({d, 1}).vectors;
    EXPECT_EQ(std::vector<double>(both.begin() + kHidden, both.end()), way);
  }
}

// A maker keeps a direction from one push to the next. Its vectors are those of each push alone, at each of
// its tokens, to the bit.
TEST_F(PushVectors, MakersGiveWhatEachPushAloneGives) {
  options_.epsilons = {0.5, 0.25};
  site_.further = {drawn(78, kHidden), drawn(79, kHidden)};
  for (const PushKind kind : {PushKind::kAdditive, PushKind::kRotation, PushKind::kInterpolation})
    for (const DirectionSharing sharing : {DirectionSharing::kCommon, DirectionSharing::kIndependent}) {
      options_.kind = kind;
      options_.sharing = sharing;
      const std::vector<UnitPush> pushes{{0, 0.5}, {0, 0.25}, {2, 0.25}, {1, 0.5}, {1, 0.5}, {0, 0.5}};
      std::vector<double> expected;
      PushMaker maker(options_, site_, 3);
      for (const UnitPush push : pushes) {
        double cosine = 0;
        for (int64_t token = 0; token < 3; ++token) {
          UnitSite one = site_;
          one.position.value += token;
          if (token > 0) one.residual = site_.further[static_cast<size_t>(token - 1)];
          const PushVector alone = push_vector(options_, one, push);
          expected.insert(expected.end(), alone.vector.begin(), alone.vector.end());
          cosine += alone.cosine / 3;
        }
        EXPECT_EQ(maker.vectors(push).cosine, cosine);
      }
      EXPECT_EQ(PushMaker(options_, site_, 3).vectors(pushes), expected);
    }
}

}  // namespace
}  // namespace tugline::test
