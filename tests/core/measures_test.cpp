#include "tugline/core/measures.h"

#include <gtest/gtest.h>

#include <set>

namespace tugline {
namespace {

TEST(Measures, HaveNamesOfTheirOwn) {
  std::set<std::string> names;
  for (const Measure& measure : kMeasures) {
    EXPECT_TRUE(names.insert(std::string(measure.name)).second) << measure.name;
    EXPECT_TRUE(names.insert(measure.rows_column()).second) << measure.name;
    EXPECT_TRUE(names.insert(measure.audit_column()).second) << measure.name;
    EXPECT_EQ(measure.has_mean(), measure.tokens == nullptr) << measure.name;
    EXPECT_EQ(measure.type == RowType::kTokens, !measure.has_mean()) << measure.name;
    EXPECT_LE(measure.f32_bound, measure.bf16_bound) << measure.name;
  }
  EXPECT_EQ(kMeasures[kKl].name, "kl");
}

// KL in f64, five in f32, a flag; and what is asked for besides.
TEST(Measures, KnowTheirBytes) {
  EXPECT_EQ(stored_row_bytes({}), 8 + 5 * 4 + 1);
  EXPECT_EQ(stored_row_bytes({.answers = true, .moved_tokens = 3}), 8 + 6 * 4 + 1 + 2 * 3 * 8);
  EXPECT_EQ(held_row_bytes({.moved_tokens = 2}), (7 + 2 * 2 * 2) * 8);
}

}  // namespace
}  // namespace tugline
