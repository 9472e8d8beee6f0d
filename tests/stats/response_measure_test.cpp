#include "tugline/stats/response_measure.h"

#include <gtest/gtest.h>

#include <set>

#include "support/expect_error.h"
#include "support/made_runs.h"
#include "tugline/stats/response_grid.h"

namespace tugline {
namespace {

TEST(ResponseMeasure, EveryMeasureWithAMeanIsThereAndDescribed) {
  std::set<std::string> names;
  for (const ResponseMeasure& measure : response_measures()) {
    EXPECT_TRUE(names.insert(measure.name).second) << measure.name;
    EXPECT_NE(measure.label, measure.name) << "response_measure.cpp has no description of it";
  }
  for (const Measure& measure : kMeasures)
    EXPECT_EQ(names.contains(std::string(measure.name)), measure.has_mean()) << measure.name;
  EXPECT_EQ(response_measures().front().name, "kl");
}

TEST(ResponseMeasure, ValuesAreTheResponses) {
  const ResponseRecord response = made_response(1, 2, 0.5);  // KL 4
  const auto value = [&](const char* name) { return response_measure_named(name).value(response, 2); };
  EXPECT_EQ(value("kl"), 4);
  EXPECT_EQ(value("js"), 1);
  EXPECT_EQ(value("delta_logprob"), -0.5);
  EXPECT_EQ(value("kl_own_row"), 3);
  EXPECT_EQ(value("kl_after"), 5);
  EXPECT_EQ(value("kl_sum"), 8);
  EXPECT_FALSE(value("answer_change")) << "it was not asked for";
  EXPECT_FALSE(response_measure_named("kl_sum").value(response, 0));
}

TEST(ResponseMeasure, AnUnknownNameIsRefusedWithAllNames) {
  const Error e = error_of([] { (void)response_measure_named("rose"); });
  EXPECT_EQ(e.code(), ErrorCode::kUsage);
  EXPECT_EQ(e.setting(), "measure");
  EXPECT_NE(std::string(e.what()).find("kl_own_row, kl_after, kl_sum"), std::string::npos) << e.what();
}

TEST(ResponseMeasure, SpansWithoutItAreCountedApart) {
  UnitRecord unit = made_unit(0, 20, 1);
  UnitRecord without = made_unit(1, 20, 1);
  for (ResponseRecord& response : without.measured.responses) response.kl_own_row.reset();
  ResponseGridBuilder builder(response_measure_named("kl_own_row"));
  builder.add(unit, unit.measured.responses);
  builder.add(without, without.measured.responses);
  const ResponseGrid grid = builder.build();
  ASSERT_EQ(grid.spans.size(), 1U);
  EXPECT_EQ(grid.spans[0].rows, 2U);
  EXPECT_EQ(grid.without_measure, std::vector<UnitKey>{span_of(without.key)});
  EXPECT_TRUE(grid.incomplete.empty());
}

}  // namespace
}  // namespace tugline
