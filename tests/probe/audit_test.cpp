// The audit: what is right is below its bound, what is wrong is not; which pushes are audited depends on seed
// and site alone.
#include "tugline/probe/audit.h"

#include <gtest/gtest.h>
#include <omp.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <map>
#include <set>

#include "probe/tiny_probe.h"
#include "tugline/store/audit_bounds.h"

namespace tugline::test {
namespace {

constexpr double kF32Bound = 1e-4;

PushOptions options(std::vector<double> epsilons = {0, 0.01, 0.5, 2}, int32_t directions = 3) {
  return {.epsilons = std::move(epsilons), .directions = directions, .seed = 42, .supplied = {}};
}

// Every measure that is audited.
constexpr AskedTokens kAsked{.answers = AnswerPair{17, 62}, .moved = 3};

void expect_within_bounds(const AuditResult& audit, const std::string& what) {
  for (size_t m = 0; m < kMeasures.size(); ++m) {
    ASSERT_TRUE(audit.disagreements[m]) << what << ", " << kMeasures[m].name;
    EXPECT_LE(*audit.disagreements[m], kMeasures[m].f32_bound) << what << ", " << kMeasures[m].name;
  }
}

// By a part of what the measure's rounding is relative to, at least.
void spoil(ResponseRecord& response, size_t measure, double part) {
  std::vector<double>& rows = response.rows[measure];
  if (measure == measure_named("top1_flips")) {
    for (double& flip : rows) flip = 1 - flip;
    response.means[measure] = 1 - *response.means[measure];
  } else if (kMeasures[measure].type == RowType::kTokens) {
    for (size_t i = 1; i < rows.size(); i += 2) rows[i] *= 1 + part;
  } else {
    // KL, of second order, bounds what a first-order measure is relative to: its spread is about sqrt(2 KL).
    const bool is_signed = kMeasures[measure].row == &RowResponse::delta_logprob ||
                           kMeasures[measure].row == &RowResponse::entropy_change ||
                           kMeasures[measure].row == &RowResponse::answer_change;
    for (size_t i = 0; i < rows.size(); ++i) {
      const double scale = std::abs(rows[i]) + (is_signed ? 5 * std::sqrt(response.rows[kKl][i]) : 0);
      rows[i] += part * scale;
      *response.means[measure] += part * scale / static_cast<double>(rows.size());
    }
  }
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
  Auditor auditor_{exact_, probe_.model, *probe_.baseline, kTokens, {.asked = kAsked}};

  struct Measured {
    UnitMeasurement unit;
    ReplayRows rows;
    UnitSite site;
  };
  [[nodiscard]] Measured measure(const PushOptions& pushes, LayerIndex layer,
                                 ReadoutKind readout = ReadoutKind::kPredicting) const {
    const SpanBase base =
        read_span(probe_.model, *probe_.baseline, {5, 9}, readout, LayerIndex{0}, {.asked = kAsked});
    const UnitContext context{.example_hash = 5, .limits = {.memory = int64_t{1} << 30}, .after_batch = {}};
    return {measure_unit(probe_.model, *probe_.baseline, base, layer, pushes, context), base.rows,
            unit_site(probe_.model, *probe_.baseline, base, layer, context)};
  }
  AuditResult audited(const Measured& measured, const PushOptions& pushes, int64_t count) {
    return auditor_.audit(measured.unit, measured.rows, measured.site, pushes, {.end = count});
  }
};

// Every push, at every layer and readout, from the last layer down so that what the auditor keeps of a span
// is used again.
TEST_P(Audits, ARightUnitIsBelowTheBound) {
  for (const ReadoutKind readout : {ReadoutKind::kPredicting, ReadoutKind::kFollowing}) {
    for (auto layer = layers_.rbegin(); layer != layers_.rend(); ++layer) {
      if (readout == ReadoutKind::kFollowing && layer == layers_.rbegin()) continue;
      const AuditResult audit = audited(measure(options(), *layer, readout), options(), 1000);
      EXPECT_EQ(audit.pushes, 9);
      expect_within_bounds(audit, "layer " + std::to_string(layer->value));
      EXPECT_GT(audit.disagreements[kKl].value(), 0) << "f32 and f64 are not the same";
    }
  }
}

// At every hook, and for every kind of push.
TEST_P(Audits, AreOfPushesOfEveryKind) {
  for (const SitePoint hook : hooks_of(GetParam())) {
    const Probe probe(GetParam(), BackendKind::kCpu, hook);
    Auditor auditor(exact_, probe.model, *probe.baseline, kTokens, {.asked = kAsked});
    const SpanBase base = read_span(probe.model, *probe.baseline, {5, 9}, ReadoutKind::kPredicting,
                                    LayerIndex{0}, {.asked = kAsked});
    const UnitContext context{.example_hash = 5, .limits = {.memory = int64_t{1} << 30}, .after_batch = {}};
    PushOptions pushes = options();
    pushes.kind = PushKind::kRotation;
    pushes.orthogonal = Orthogonal::kToResidual;
    for (const LayerIndex layer : layers_) {
      const UnitMeasurement unit = measure_unit(probe.model, *probe.baseline, base, layer, pushes, context);
      const AuditResult audit =
          auditor.audit(unit, base.rows, unit_site(probe.model, *probe.baseline, base, layer, context),
                        pushes, {.end = 1000});
      EXPECT_GT(audit.pushes, 0);
      expect_within_bounds(audit, "layer " + std::to_string(layer.value));
    }
  }
}

// One response of the unit, by ten times the bound, in its mean and rows as a wrong kernel would have it: the
// audit objects to that measure and to no other.
TEST_P(Audits, AWrongResponseIsCaughtInEveryMeasure) {
  const ByMeasure<double> bounds = audit_bounds("f32").value();
  const Measured right = measure(options({0.5, 2}), {0});
  for (size_t wrong = 0; wrong < kMeasures.size(); ++wrong) {
    Measured measured = right;
    spoil(measured.unit.responses[3], wrong, 10 * bounds[wrong]);
    const AuditResult audit = audited(measured, options({0.5, 2}), 100);
    EXPECT_EQ(beyond_bounds(audit, bounds), std::vector<size_t>{wrong}) << kMeasures[wrong].name;
  }
}

// The mean alone, or the rows alone, is caught too.
TEST_P(Audits, AMeanThatIsNotOfItsRowsIsCaught) {
  const ByMeasure<double> bounds = audit_bounds("f32").value();
  const Measured right = measure(options({0.5, 2}), {0});
  for (size_t wrong = 0; wrong < kMeasures.size(); ++wrong) {
    if (!kMeasures[wrong].has_mean() || wrong == measure_named("top1_flips")) continue;
    Measured measured = right;
    ResponseRecord& response = measured.unit.responses[3];
    const std::optional<double> mean = response.means[wrong];
    spoil(response, wrong, 10 * bounds[wrong]);
    response.means[wrong] = mean;
    EXPECT_EQ(beyond_bounds(audited(measured, options({0.5, 2}), 100), bounds), std::vector<size_t>{wrong})
        << kMeasures[wrong].name;
  }
}

// Errors of two rows that cancel in the mean are caught row by row: a tenth of the rows' size, where the
// largest bound is a thousandth. KL is compared by its mean.
TEST_P(Audits, ErrorsOfRowsThatCancelAreCaught) {
  const ByMeasure<double> bounds = audit_bounds("f32").value();
  const Measured right = measure(options({0.5, 2}), {0});
  for (size_t wrong = 0; wrong < kMeasures.size(); ++wrong) {
    if (!kMeasures[wrong].has_mean() || wrong == kKl || wrong == measure_named("top1_flips")) continue;
    Measured measured = right;
    ResponseRecord& response = measured.unit.responses[3];
    std::vector<double>& rows = response.rows[wrong];
    const double error = 0.1 * (std::abs(rows[0]) + std::abs(rows[1]) + std::sqrt(response.rows[kKl][0]));
    rows[0] += error;
    rows[1] -= error;
    EXPECT_EQ(beyond_bounds(audited(measured, options({0.5, 2}), 100), bounds), std::vector<size_t>{wrong})
        << kMeasures[wrong].name;
  }
}

// Five rows of eight pushes at once are more than the 32 rows whose logits are held at a time, which end in
// the middle of a push.
TEST_P(Audits, RowsBeyondTheFirstLogitsHaveTheirOwnBase) {
  const SpanBase base = read_span(probe_.model, *probe_.baseline, {5, 10}, ReadoutKind::kPredicting,
                                  LayerIndex{0}, {.asked = kAsked});
  const UnitContext context{.example_hash = 5, .limits = {.memory = int64_t{1} << 30}, .after_batch = {}};
  const PushOptions pushes = options({0.5, 2}, 8);
  const UnitMeasurement unit = measure_unit(probe_.model, *probe_.baseline, base, {0}, pushes, context);
  Auditor auditor(exact_, probe_.model, *probe_.baseline, 10, {.asked = kAsked});
  const AuditResult audit = auditor.audit(
      unit, base.rows, unit_site(probe_.model, *probe_.baseline, base, {0}, context), pushes, {.end = 16});
  EXPECT_EQ(audit.pushes, 16);
  EXPECT_EQ(unit.rows.size(), 5U);
  expect_within_bounds(audit, "five rows");
}

// A push on the span's first token leaves the row before it as it is. That row counts in the means, and each
// of the others is compared with its own rerun.
TEST_P(Audits, RowsBeforeThePushAreNotReplayed) {
  SpanBase base = read_rows(probe_.model, *probe_.baseline,
                            replay_rows({5, 9}, ReadoutKind::kPredicting, 13, {.at = PushAt::kFirst}),
                            LayerIndex{0}, {.asked = kAsked});
  base.span = {5, 9};
  ASSERT_EQ(base.rows.unmoved, 1);
  const UnitContext context{.example_hash = 5, .limits = {.memory = int64_t{1} << 30}, .after_batch = {}};
  const UnitMeasurement unit = measure_unit(probe_.model, *probe_.baseline, base, {0}, options(), context);
  expect_within_bounds(
      auditor_.audit(unit, base.rows, unit_site(probe_.model, *probe_.baseline, base, {0}, context),
                     options(), {.end = 9}),
      "a push on the first token");
}

// A list may have the token after its last one in that one's place, if it changed as much: what counts is how
// far apart the two changes are, not that the rerun's list of the same length lacks the token.
TEST_P(Audits, ATokenThatIsAlmostAsGoodIsAlmostRight) {
  const PushOptions pushes = options({2}, 1);
  const UnitContext context{.example_hash = 5, .limits = {.memory = int64_t{1} << 30}, .after_batch = {}};
  const auto measured_with = [&](int64_t moved) {
    const SpanBase base = read_span(probe_.model, *probe_.baseline, {5, 9}, ReadoutKind::kPredicting,
                                    LayerIndex{0}, {.asked = {.answers = kAsked.answers, .moved = moved}});
    return measure_unit(probe_.model, *probe_.baseline, base, {0}, pushes, context);
  };
  constexpr size_t kListed = 3;
  const size_t rose = measure_named("rose");
  const UnitMeasurement longer = measured_with(kListed + 1);
  Measured measured = measure(pushes, {0});
  std::vector<double>& list = measured.unit.responses[0].rows[rose];
  const auto last_of = [&](size_t row) { return &list[(row * kListed + kListed - 1) * 2]; };
  const auto next_of = [&](size_t row) {
    return &longer.responses[0].rows[rose][(row * (kListed + 1) + kListed) * 2];
  };
  const auto apart = [&](size_t row) { return last_of(row)[1] - next_of(row)[1]; };
  const std::array<size_t, 4> rows{0, 1, 2, 3};
  const size_t nearest =
      *std::ranges::min_element(rows, {}, [&](size_t row) { return apart(row) / next_of(row)[1]; });
  ASSERT_LT(apart(nearest), 0.9 * next_of(nearest)[1]) << "else the two errors are as large";
  double scale = 0;
  for (size_t i = 1; i < list.size(); i += 2) scale += std::abs(list[i]);
  const double expected = apart(nearest) / scale;
  std::copy_n(next_of(nearest), 2, last_of(nearest));
  EXPECT_NEAR(audited(measured, pushes, 1).disagreements[rose].value(), expected, 1e-3);
}

// What was wrong once: the base's likeliest token was compared with itself through two roundings, of d =
// delta / T - shift in a kernel that fuses the two and in scalar code that does not. At T = 0.6 rows flipped
// that had not.
TEST_P(Audits, FlipsByTwoRoundingsAreCaught) {
  const float scale = 1 / 0.6F;
  Measured measured = measure(options({0.5, 2}, 8), {0});
  int64_t spurious = 0;
  for (ResponseRecord& response : measured.unit.responses) {
    for (size_t i = 0; i < response.rows[measure_named("top1_flips")].size(); ++i) {
      // Any delta and shift do: what counts is that the two roundings differ for it.
      const auto delta = static_cast<float>(response.rows[measure_named("delta_logprob")][i]);
      const auto shift = static_cast<float>(response.rows[measure_named("entropy_change")][i]);
      const float product = delta * scale;
      const bool differs = std::fma(delta, scale, -shift) > product - shift;
      double& flip = response.rows[measure_named("top1_flips")][i];
      if (!differs || flip != 0) continue;
      flip = 1;
      *response.means[measure_named("top1_flips")] += 1.0 / 4;
      ++spurious;
    }
  }
  ASSERT_GT(spurious, 0) << "the two roundings must differ somewhere";
  const AuditResult audit = audited(measured, options({0.5, 2}, 8), 1000);
  EXPECT_LT(audit.disagreements[kKl].value(), kF32Bound) << "KL alone would not have seen it";
  EXPECT_EQ(beyond_bounds(audit, audit_bounds("f32").value()),
            std::vector<size_t>{measure_named("top1_flips")});
}

// The largest is kept, not the last.
TEST_P(Audits, OneWrongPushAmongManyIsCaught) {
  Measured measured = measure(options(), {1});
  *measured.unit.responses[1].means[kKl] *= 1.5;
  EXPECT_NEAR(audited(measured, options(), 1000).disagreements[kKl].value(), 0.5, kF32Bound);
}

// An audit that grows takes the pushes after those that it had.
TEST_P(Audits, TheRestFollowsTheFirst) {
  const Measured measured = measure(options(), {1});
  const auto range = [&](int64_t begin, int64_t end) {
    return auditor_.audit(measured.unit, measured.rows, measured.site, options(), {begin, end});
  };
  const AuditResult first = range(0, 2);
  const AuditResult rest = range(2, 5);
  const AuditResult whole = range(0, 5);
  EXPECT_EQ(first.pushes, 2);
  EXPECT_EQ(rest.pushes, 3);
  for (size_t m = 0; m < kMeasures.size(); ++m)
    EXPECT_NEAR(std::max(first.disagreements[m], rest.disagreements[m]).value(),
                whole.disagreements[m].value(), 1e-9)
        << kMeasures[m].name;
}

TEST_P(Audits, WhatNoPushReachesIsNotAudited) {
  const AuditResult audit =
      audited(measure(options(), layers_.back(), ReadoutKind::kFollowing), options(), 3);
  EXPECT_EQ(audit.pushes, 0);
  EXPECT_EQ(audit.disagreements[kKl], std::nullopt);
}

TEST_P(Audits, NeitherZeroNorWhatF64CannotJudge) {
  const PushOptions tiny = options({0, 1e-9, -1e-12});
  const AuditResult audit = audited(measure(tiny, {0}), tiny, 3);
  EXPECT_EQ(audit.pushes, 0);
  EXPECT_EQ(audit.disagreements[kKl], std::nullopt);
  const PushOptions small = options({1e-6, -1e-6});
  expect_within_bounds(audited(measure(small, {0}), small, 100), "epsilon 1e-6");
}

TEST_P(Audits, SameBitsForAnyThreadsAndOrder) {
  const Measured first = measure(options(), {0});
  const Measured second = measure(options(), {1});
  const AuditResult in_order = audited(first, options(), 2);
  (void)audited(second, options(), 2);
  const int threads = omp_get_max_threads();
  omp_set_num_threads(3);
  EXPECT_EQ(audited(first, options(), 2), in_order);
  omp_set_num_threads(threads);
}

INSTANTIATE_TEST_SUITE_P(Models, Audits,
                         testing::Values("llama", "llama_biases", "qwen2", "qwen3", "olmo2", "gpt_neox",
                                         "gpt_neox_serial", "qwen3_window", "llama.gguf"),
                         [](const auto& name) {
                           std::string text = name.param;
                           std::replace(text.begin(), text.end(), '.', '_');
                           return text;
                         });

TEST(AuditChoice, DependsOnSeedAndSiteAlone) {
  const UnitSite site{.example_hash = 5, .span = {5, 9}, .layer = {1}};
  const PushOptions pushes = options({0, 1, 2}, 32);
  const auto chosen = choose_audited(whole_grid(pushes), pushes.seed, site, 4);
  EXPECT_EQ(choose_audited(whole_grid(pushes), pushes.seed, site, 4), chosen);
  PushOptions other = pushes;
  other.seed = 43;
  EXPECT_NE(choose_audited(whole_grid(other), other.seed, site, 4), chosen);
  for (const UnitSite& elsewhere : {UnitSite{6, {5, 9}, {1}}, UnitSite{5, {4, 9}, {1}},
                                    UnitSite{5, {5, 8}, {1}}, UnitSite{5, {5, 9}, {2}}})
    EXPECT_NE(choose_audited(whole_grid(pushes), pushes.seed, elsewhere, 4), chosen);
}

TEST(AuditChoice, TakesDistinctPushesThatAreComputed) {
  const PushOptions pushes = options({0, 1, -2}, 5);
  for (const int64_t count : {0, 1, 7, 10, 11}) {
    std::set<std::pair<int32_t, double>> distinct;
    for (const UnitPush push : choose_audited(whole_grid(pushes), pushes.seed,
                                              {.example_hash = 1, .span = {1, 2}, .layer = {0}}, count)) {
      EXPECT_NE(push.epsilon, 0);
      distinct.insert({push.direction, push.epsilon});
    }
    EXPECT_EQ(distinct.size(), static_cast<size_t>(std::min<int64_t>(count, 10)));
  }
}

// Over many sites every push is chosen: 10 of them, each of 300 draws missing one with probability 0.9.
TEST(AuditChoice, ReachesEveryPush) {
  const PushOptions pushes = options({0, 1, -2}, 5);
  std::set<std::pair<int32_t, double>> seen;
  for (int32_t layer = 0; layer < 300; ++layer)
    for (const UnitPush push : choose_audited(whole_grid(pushes), pushes.seed,
                                              {.example_hash = 1, .span = {1, 2}, .layer = {layer}}, 1))
      seen.insert({push.direction, push.epsilon});
  EXPECT_EQ(seen.size(), 10U);
}

// Each of the 45 pairs is chosen 200 times of 9,000 on average, with a standard deviation of 14. Five of
// these are allowed.
TEST(AuditChoice, TakesEveryPairAsOften) {
  const PushOptions pushes = options({0, 1, -2}, 5);
  std::map<std::set<std::pair<int32_t, double>>, int64_t> counts;
  for (int32_t layer = 0; layer < 9000; ++layer) {
    std::set<std::pair<int32_t, double>> chosen;
    for (const UnitPush push : choose_audited(whole_grid(pushes), pushes.seed,
                                              {.example_hash = 1, .span = {1, 2}, .layer = {layer}}, 2))
      chosen.insert({push.direction, push.epsilon});
    ++counts[chosen];
  }
  EXPECT_EQ(counts.size(), 45U);
  for (const auto& [pair, count] : counts) EXPECT_NEAR(static_cast<double>(count), 200, 70);
}

TEST(AuditDisagreement, IsRelativeToTheScale) {
  EXPECT_DOUBLE_EQ(disagreement(3, 2, 2), 0.5);
  EXPECT_DOUBLE_EQ(disagreement(1, 2, 4), 0.25);
  EXPECT_EQ(disagreement(0, 0, 0), 0);
  EXPECT_EQ(disagreement(1e-300, 0, 0), 1);
  EXPECT_EQ(disagreement(std::nan(""), 1, 1), std::numeric_limits<double>::infinity());
}

}  // namespace
}  // namespace tugline::test
