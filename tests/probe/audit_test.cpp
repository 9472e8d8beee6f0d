// The audit: what is right is below its bound, what is wrong is not; which pushes are audited depends on seed and site alone.
#include "tugline/probe/audit.h"

#include <gtest/gtest.h>
#include <omp.h>

#include <set>

#include "files/build_bytes.h"
#include "probe/tiny_probe.h"

namespace tugline::test {
namespace {

constexpr double kF32Bound = 1e-4;

PushOptions options(std::vector<double> epsilons = {0, 0.01, 0.5, 2}, int32_t directions = 3) {
  return {.epsilons = std::move(epsilons), .directions = directions, .seed = 42, .supplied = {}};
}

// A unit measured in f32, and the same files on the reference backend.
class Audits : public testing::TestWithParam<const char*> {
 protected:
  Probe probe_{GetParam(), BackendKind::kCpu};
  std::unique_ptr<Backend> reference_ = make_reference_backend();
  Model exact_ = load_tiny(GetParam(), *reference_);
  std::vector<LayerIndex> layers_ = probe_.all_layers();
  // Rows that audits replay: up to the span's end, before the transcript's.
  static constexpr int64_t kTokens = 9;
  Auditor auditor_{exact_, probe_.model, *probe_.baseline, layers_, kTokens};

  struct Measured {
    UnitRecord unit;
    ReplayRows rows;
    UnitSite site;
  };
  [[nodiscard]] Measured measure(const PushOptions& pushes, LayerIndex layer,
                                 ReadoutKind readout = ReadoutKind::kPredicting) const {
    const SpanBase base = probe_.base({5, 9}, readout);
    const UnitContext context{.example_hash = 5, .limits = {.memory = int64_t{1} << 30}, .after_batch = {}};
    return {measure_unit(probe_.model, *probe_.baseline, base, layer, pushes, context), base.rows,
            unit_site(probe_.model, *probe_.baseline, base, layer, context)};
  }
  UnitRecord audited(Measured measured, const PushOptions& pushes, int64_t count) {
    auditor_.audit(measured.unit, measured.rows, measured.site, pushes, count);
    return std::move(measured.unit);
  }
};

// Every push, at every layer and readout, from the last layer down so that what the auditor keeps of a span is used again.
TEST_P(Audits, ARightUnitIsBelowTheBound) {
  for (const ReadoutKind readout : {ReadoutKind::kPredicting, ReadoutKind::kFollowing}) {
    for (auto layer = layers_.rbegin(); layer != layers_.rend(); ++layer) {
      if (readout == ReadoutKind::kFollowing && layer == layers_.rbegin()) continue;
      const UnitRecord unit = audited(measure(options(), *layer, readout), options(), 1000);
      EXPECT_EQ(unit.audited, 9);
      EXPECT_LT(unit.audit_disagreement.value(), kF32Bound) << "layer " << layer->value;
      EXPECT_GT(unit.audit_disagreement.value(), 0) << "f32 and f64 are not the same";
    }
  }
}

// At every hook, and for every kind of push.
TEST_P(Audits, AreOfPushesOfEveryKind) {
  for (const Hook hook : hooks_of(GetParam())) {
    const Probe probe(GetParam(), BackendKind::kCpu, hook);
    Auditor auditor(exact_, probe.model, *probe.baseline, layers_, kTokens);
    const SpanBase base = probe.base({5, 9}, ReadoutKind::kPredicting);
    const UnitContext context{.example_hash = 5, .limits = {.memory = int64_t{1} << 30}, .after_batch = {}};
    PushOptions pushes = options();
    pushes.kind = PushKind::kRotation;
    pushes.orthogonal = Orthogonal::kToResidual;
    for (const LayerIndex layer : layers_) {
      UnitRecord unit = measure_unit(probe.model, *probe.baseline, base, layer, pushes, context);
      auditor.audit(unit, base.rows, unit_site(probe.model, *probe.baseline, base, layer, context), pushes,
                    1000);
      EXPECT_GT(unit.audited, 0);
      EXPECT_LT(unit.audit_disagreement.value(), kF32Bound) << "layer " << layer.value;
    }
  }
}

TEST_P(Audits, AWrongUnitIsCaught) {
  Measured measured = measure(options(), {0});
  for (ResponseRecord& response : measured.unit.responses) response.kl *= 1.001;
  const UnitRecord unit = audited(std::move(measured), options(), 1);
  EXPECT_EQ(unit.audited, 1);
  EXPECT_NEAR(unit.audit_disagreement.value(), 1e-3, kF32Bound);
  EXPECT_GT(*unit.audit_disagreement, audit_bound_of(unit, "f32").value());
}

// The largest is kept, not the last.
TEST_P(Audits, OneWrongPushAmongManyIsCaught) {
  Measured measured = measure(options(), {1});
  measured.unit.responses[1].kl *= 1.5;
  EXPECT_NEAR(audited(std::move(measured), options(), 1000).audit_disagreement.value(), 0.5, kF32Bound);
}

TEST_P(Audits, WhatNoPushReachesIsNotAudited) {
  const UnitRecord unit = audited(measure(options(), layers_.back(), ReadoutKind::kFollowing), options(), 3);
  EXPECT_EQ(unit.audited, 0);
  EXPECT_EQ(unit.audit_disagreement, std::nullopt);
}

TEST_P(Audits, NeitherZeroNorWhatF64CannotJudge) {
  const PushOptions tiny = options({0, 1e-9, -1e-12});
  const UnitRecord unit = audited(measure(tiny, {0}), tiny, 3);
  EXPECT_EQ(unit.audited, 0);
  EXPECT_EQ(unit.audit_disagreement, std::nullopt);
  const PushOptions small = options({1e-6, -1e-6});
  EXPECT_LT(audited(measure(small, {0}), small, 100).audit_disagreement.value(), kF32Bound);
}

TEST_P(Audits, SameBitsForAnyThreadsAndOrder) {
  const Measured first = measure(options(), {0});
  const Measured second = measure(options(), {1});
  const UnitRecord in_order = audited(first, options(), 2);
  (void)audited(second, options(), 2);
  const int threads = omp_get_max_threads();
  omp_set_num_threads(3);
  EXPECT_EQ(audited(first, options(), 2), in_order);
  omp_set_num_threads(threads);
}

INSTANTIATE_TEST_SUITE_P(Models, Audits,
                         testing::Values("llama", "llama_biases", "qwen2", "qwen3", "olmo2", "gpt_neox",
                                         "gpt_neox_serial", "llama.gguf"),
                         [](const auto& name) {
                           std::string text = name.param;
                           std::replace(text.begin(), text.end(), '.', '_');
                           return text;
                         });

TEST(AuditChoice, DependsOnSeedAndSiteAlone) {
  const UnitSite site{.example_hash = 5, .span = {5, 9}, .layer = {1}};
  const PushOptions pushes = options({0, 1, 2}, 32);
  const auto chosen = choose_audited(pushes, site, 4);
  EXPECT_EQ(choose_audited(pushes, site, 4), chosen);
  PushOptions other = pushes;
  other.seed = 43;
  EXPECT_NE(choose_audited(other, site, 4), chosen);
  for (const UnitSite& elsewhere : {UnitSite{6, {5, 9}, {1}}, UnitSite{5, {4, 9}, {1}},
                                    UnitSite{5, {5, 8}, {1}}, UnitSite{5, {5, 9}, {2}}})
    EXPECT_NE(choose_audited(pushes, elsewhere, 4), chosen);
}

TEST(AuditChoice, TakesDistinctPushesThatAreComputed) {
  const PushOptions pushes = options({0, 1, -2}, 5);
  for (const int64_t count : {0, 1, 7, 10, 11}) {
    std::set<std::pair<int32_t, int32_t>> distinct;
    for (const PushIndex push :
         choose_audited(pushes, {.example_hash = 1, .span = {1, 2}, .layer = {0}}, count)) {
      EXPECT_NE(push.epsilon, 0);
      distinct.insert({push.direction, push.epsilon});
    }
    EXPECT_EQ(distinct.size(), static_cast<size_t>(std::min<int64_t>(count, 10)));
  }
}

// Over many sites every push is chosen: 10 of them, each of 300 draws missing one with probability 0.9.
TEST(AuditChoice, ReachesEveryPush) {
  const PushOptions pushes = options({0, 1, -2}, 5);
  std::set<std::pair<int32_t, int32_t>> seen;
  for (int32_t layer = 0; layer < 300; ++layer)
    for (const PushIndex push :
         choose_audited(pushes, {.example_hash = 1, .span = {1, 2}, .layer = {layer}}, 1))
      seen.insert({push.direction, push.epsilon});
  EXPECT_EQ(seen.size(), 10U);
}

TEST(AuditBound, IsThePrecisions) {
  EXPECT_EQ(audit_bound("f32"), 1e-4);
  EXPECT_EQ(audit_bound("bf16"), 5e-2);
  EXPECT_EQ(audit_bound("plain-bf16"), std::nullopt);
  expect_error(ErrorCode::kInput, {"f16", "f32"}, [] { (void)audit_bound("f16"); });
}

// Besides the precision's bound, five times the largest standard error.
TEST(AuditBound, OfASampledVocabularyGrowsWithItsError) {
  UnitRecord unit;
  unit.responses = {{.kl = 2}, {.kl = 4, .kl_standard_error = 0.04}, {.kl = 0, .kl_standard_error = 0.0}};
  EXPECT_DOUBLE_EQ(audit_bound_of(unit, "f32").value(), 1e-4 + 5 * 0.01);
  EXPECT_EQ(audit_bound_of(unit, "plain-bf16"), std::nullopt);
  unit.responses.clear();
  EXPECT_EQ(audit_bound_of(unit, "bf16"), 5e-2);
}

TEST(AuditDisagreement, IsRelativeToTheExactOne) {
  EXPECT_DOUBLE_EQ(disagreement(3, 2), 0.5);
  EXPECT_DOUBLE_EQ(disagreement(1, 2), 0.5);
  EXPECT_EQ(disagreement(0, 0), 0);
  EXPECT_EQ(disagreement(1e-300, 0), 1);
}

}  // namespace
}  // namespace tugline::test
