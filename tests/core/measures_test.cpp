#include "tugline/core/measures.h"

#include <gtest/gtest.h>

#include <set>

namespace tugline {
namespace {

TEST(Measures, HaveNamesOfTheirOwn) {
  std::set<std::string> names;
  for (const Measure& measure : kMeasures) {
    EXPECT_TRUE(names.insert(std::string(measure.name)).second) << measure.name;
    EXPECT_TRUE(names.insert(measure.audit_column()).second) << measure.name;
    EXPECT_EQ(measure.has_mean(), measure.tokens == nullptr) << measure.name;
    EXPECT_EQ(measure.type == RowType::kTokens, !measure.has_mean()) << measure.name;
    EXPECT_LE(measure.f32_bound, measure.bf16_bound) << measure.name;
  }
  EXPECT_EQ(kMeasures[kKl].name, "kl");
}

TEST(Measures, KnowTheirBytes) {
  EXPECT_EQ(held_row_bytes({}), 7 * 8);
  EXPECT_EQ(held_row_bytes({.moved_tokens = 2}), (7 + 2 * 2 * 2) * 8);
}

}  // namespace
}  // namespace tugline
