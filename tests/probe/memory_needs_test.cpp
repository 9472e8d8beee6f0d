// What a sweep's plan says of memory against a process that runs it: for each hook, vocabulary, precision,
// with an audit and with statistics of residuals.
#include "tugline/probe/memory_needs.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "probe/shapes.h"
#include "support/run_program.h"

namespace tugline::test {
namespace {

struct Case {
  const char* name;
  const char* words;  // of memory_needs_program
};

class Plans : public testing::TestWithParam<Case> {};

// 15 %: what a plan leaves out (threads' scratch, the library's products, pages of the allocator's own) is a
// few megabytes beside 150; a part that was left out, or counted twice, would be more.
TEST_P(Plans, SayWhatTheProcessThenNeeds) {
#ifdef TUGLINE_SANITIZED
  GTEST_SKIP() << "the sanitizer's own memory is counted with the process's";
#endif
  const ProgramOutcome outcome =
      run_program(std::string(TUGLINE_MEMORY_NEEDS_PROGRAM) + " " + GetParam().words);
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  const auto found = nlohmann::json::parse(outcome.out);
  const auto grown = found.at("grown").get<double>();
  EXPECT_GT(grown, 1e8) << outcome.out;
  EXPECT_NEAR(found.at("planned").get<double>(), grown, 0.15 * grown) << outcome.out;
}

INSTANTIATE_TEST_SUITE_P(Cases, Plans,
                         testing::Values(Case{"PostExact", "resid_post exact f32 0 isotropic"},
                                         Case{"MidExact", "resid_mid exact f32 0 isotropic"},
                                         Case{"PreExact", "resid_pre exact f32 0 isotropic"},
                                         Case{"PostSampled", "resid_post sampled f32 0 isotropic"},
                                         Case{"PreSampled", "resid_pre sampled f32 0 isotropic"},
                                         Case{"Bf16", "resid_post exact bf16 0 isotropic"},
                                         Case{"Bf16Sampled", "resid_pre sampled bf16 0 isotropic"},
                                         Case{"PlainBf16", "resid_post exact plain-bf16 0 isotropic"},
                                         Case{"Audit", "resid_post exact f32 1 isotropic"},
                                         Case{"AuditPre", "resid_pre exact f32 3 isotropic"},
                                         Case{"Covariance", "resid_post exact f32 0 covariance"}),
                         [](const auto& each) { return each.param.name; });

Site after(int32_t layer) { return {{layer}, Hook::kResidPost}; }

TEST(MemoryNeeds, OfWeightsIsFourBytesEachAndTwoMoreIfTheyAreRounded) {
  const int64_t layer = 24 * (48 + 16 + 16) + 48 * 24 + 3 * 24 * 50;
  const int64_t head = 100 * 24;
  const auto bytes = [](Vocabulary vocabulary, const Arithmetic& arithmetic) {
    return weight_bytes(small_shape(), after(1), vocabulary, arithmetic);
  };
  const int64_t values = 4 * (5 * layer + head);
  EXPECT_EQ(bytes(Vocabulary::kExact, {}), values);
  EXPECT_EQ(bytes(Vocabulary::kExact, {.precision = Precision::kPlainBf16}), values);
  EXPECT_EQ(bytes(Vocabulary::kExact, {.precision = Precision::kBf16}), values + 2 * (3 * layer + head));
  EXPECT_EQ(bytes(Vocabulary::kSampled, {.precision = Precision::kBf16}), values + 2 * 3 * layer);
}

}  // namespace
}  // namespace tugline::test
