// The name that is nearest to a mistyped one.
#include "tugline/core/suggestion.h"

#include <gtest/gtest.h>

namespace tugline {
namespace {

TEST(ClosestName, IsTheOneWithTheFewestEdits) {
  const std::vector<std::string> known{"--layers", "--epsilons", "--direction-file", "--directions"};
  EXPECT_EQ(closest_name("--layer", known), "--layers");
  EXPECT_EQ(closest_name("--lyaers", known), "--layers");
  EXPECT_EQ(closest_name("--eps", known), "--epsilons");
  EXPECT_EQ(closest_name("--direction", known), "--directions");
  EXPECT_EQ(closest_name("--frobnicate", known), "");
  EXPECT_EQ(closest_name("", known), "");
  EXPECT_EQ(suggestion_for("--frobnicate", known), "");
}

}  // namespace
}  // namespace tugline
