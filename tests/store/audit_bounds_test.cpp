#include "tugline/store/audit_bounds.h"

#include <gtest/gtest.h>

#include "support/expect_error.h"
#include "support/made_records.h"
#include "support/made_runs.h"

namespace tugline {
namespace {

TEST(AuditBounds, AreThePrecisions) {
  EXPECT_EQ(audit_bounds("f32").value()[kKl], 1e-4);
  EXPECT_EQ(audit_bounds("bf16").value()[kKl], 5e-2);
  EXPECT_EQ(audit_bounds("f32").value()[measure_named("top1_flips")], 0);
  EXPECT_EQ(audit_bounds("plain-bf16"), std::nullopt);
  const Error e = error_of([] { (void)audit_bounds("f16"); });
  EXPECT_EQ(e.code(), ErrorCode::kInput);
  EXPECT_NE(std::string(e.what()).find("f16"), std::string::npos);
}

// Besides the precision's bound, five times the largest standard error; a hundredth for what is of first
// order.
TEST(AuditBounds, OfASampledVocabularyGrowWithItsError) {
  std::vector<ResponseRecord> responses{kl_response(0, 1, 2), kl_response(1, 1, 4), kl_response(2, 1, 0)};
  EXPECT_EQ(audit_bounds_of(responses, "f32"), audit_bounds("f32"));
  responses[1].kl_standard_error = 0.04;
  responses[2].kl_standard_error = 0.0;
  const ByMeasure<double> bounds = audit_bounds_of(responses, "f32").value();
  EXPECT_DOUBLE_EQ(bounds[kKl], 1e-4 + 5 * 0.01);
  EXPECT_EQ(bounds[measure_named("top1_flips")], 0);
  EXPECT_DOUBLE_EQ(bounds[measure_named("total_variation")], 1.1e-3 + 5 * 0.01 + 0.01);
  EXPECT_EQ(audit_bounds_of(responses, "plain-bf16"), std::nullopt);
  EXPECT_EQ(audit_bounds_of({}, "bf16"), audit_bounds("bf16"));
}

TEST(AuditBounds, NameWhatIsBeyond) {
  AuditResult audit{.pushes = 1};
  const ByMeasure<double> bounds = audit_bounds("f32").value();
  EXPECT_TRUE(beyond_bounds(audit, bounds).empty());
  audit.disagreements[kKl] = 1e-4;
  audit.disagreements[measure_named("top1_flips")] = 0.25;
  EXPECT_EQ(beyond_bounds(audit, bounds), std::vector<size_t>{measure_named("top1_flips")});
  EXPECT_EQ(disagreements_text(audit.disagreements), "kl 1.0e-04, top1_flips 2.5e-01");
}

}  // namespace
}  // namespace tugline
