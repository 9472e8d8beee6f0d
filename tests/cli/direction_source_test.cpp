// What a run's identity says of its directions changes with everything that they are drawn from.
#include <gtest/gtest.h>

#include <set>

#include "tugline/api/settings.h"

namespace tugline {
namespace {

TEST(DirectionSource, ChangesWithTheFamilyTheVectorsAndTheKindOfPush) {
  std::set<std::string> sources;
  for (const DirectionFamily family :
       {DirectionFamily::kIsotropic, DirectionFamily::kMeanCentred, DirectionFamily::kCovarianceDiagonal,
        DirectionFamily::kCovariance, DirectionFamily::kDifference, DirectionFamily::kPrincipal})
    EXPECT_TRUE(sources.insert(direction_source({.epsilons = {}, .supplied = {}, .family = family})).second);
  for (const std::vector<std::vector<double>>& rows :
       {std::vector<std::vector<double>>{{1, 0}}, std::vector<std::vector<double>>{{0, 1}},
        std::vector<std::vector<double>>{{1, 0}, {0, 1}}})
    EXPECT_TRUE(sources.insert(direction_source({.epsilons = {}, .supplied = {.rows = rows}})).second);
  EXPECT_TRUE(
      sources.insert(direction_source({.epsilons = {}, .supplied = {}, .kind = PushKind::kInterpolation}))
          .second);
}

}  // namespace
}  // namespace tugline
