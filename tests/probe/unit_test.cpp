// Units: every push of a (span, layer) once, in order, exact zeros where nothing is computed, and the same whatever the batches.
#include "tugline/probe/unit.h"

#include <gtest/gtest.h>

#include <chrono>

#include "files/build_bytes.h"
#include "probe/tiny_probe.h"

namespace tugline::test {
namespace {

constexpr int64_t kPlenty = int64_t{1} << 30;

Site after(int32_t layer) { return {{layer}, Hook::kResidPost}; }

class Units : public testing::TestWithParam<BackendKind> {
 protected:
  Probe probe_{"llama", GetParam()};

  [[nodiscard]] UnitRecord measure(const PushOptions& options, LayerIndex layer = {1},
                                   ReadoutKind readout = ReadoutKind::kPredicting,
                                   int64_t memory_limit = kPlenty) const {
    const SpanBase base = probe_.base({5, 9}, readout);
    return measure_unit(probe_.model, *probe_.baseline, base, layer, options,
                        {.example_hash = 5, .limits = {.memory = memory_limit}, .after_batch = {}});
  }
  // Between the rounding of one batch shape and another's.
  static void expect_close(const UnitRecord& found, const UnitRecord& expected) {
    ASSERT_EQ(found.responses.size(), expected.responses.size());
    for (size_t i = 0; i < found.responses.size(); ++i)
      EXPECT_NEAR(found.responses[i].kl, expected.responses[i].kl, 1e-5 * expected.responses[i].kl);
  }
};

PushOptions options(std::vector<double> epsilons = {0, 0.5, 2}, int32_t directions = 3) {
  return {.epsilons = std::move(epsilons),
          .directions = directions,
          .seed = 42,
          .sharing = DirectionSharing::kCommon,
          .supplied = {}};
}

TEST_P(Units, SayWhereTheyWerePushedAndRead) {
  const auto start = std::chrono::steady_clock::now();
  const UnitRecord unit = measure(options());
  const double elapsed = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  EXPECT_EQ(unit.position, 4);
  EXPECT_EQ(unit.span, (TokenRange{5, 9}));
  EXPECT_EQ(unit.key.layer, 1);
  EXPECT_EQ(unit.rows, (std::vector<int64_t>{4, 5, 6, 7}));
  EXPECT_EQ(unit.row_tokens, (std::vector<int32_t>{17, 0, 95, 62}));
  EXPECT_DOUBLE_EQ(unit.rms, probe_.rms({1}, {4}));
  EXPECT_EQ(unit.note, "");
  EXPECT_GT(unit.seconds, 0);
  EXPECT_LE(unit.seconds, elapsed);
}

TEST_P(Units, ResponsesComeByDirectionThenEpsilon) {
  const UnitRecord unit = measure(options({2, 0, -0.5}));
  ASSERT_EQ(unit.responses.size(), 9U);
  for (size_t i = 0; i < 9; ++i) {
    EXPECT_EQ(unit.responses[i].direction, static_cast<int32_t>(i / 3));
    EXPECT_EQ(unit.responses[i].epsilon, (std::vector<double>{2, 0, -0.5}[i % 3]));
    EXPECT_EQ(unit.responses[i].kl_rows.size(), 4U);
  }
}

// Each response is what a replay of epsilon * rms * direction gives, averaged over the rows.
TEST_P(Units, ResponsesAreMeansOfTheReplaysRows) {
  const UnitRecord unit = measure(options({0.5, 2}, 2));
  const SpanBase base = probe_.base({5, 9}, ReadoutKind::kPredicting);
  for (const ResponseRecord& response : unit.responses) {
    std::vector<double> vector = isotropic_direction({.seed = 42,
                                                      .example_hash = 5,
                                                      .span = {5, 9},
                                                      .layer = {1},
                                                      .direction = response.direction,
                                                      .epsilon_index = 0},
                                                     24);
    for (double& v : vector) v *= response.epsilon * unit.rms;
    const auto rows = replay(probe_, base, {1}, vector);
    ResponseRecord mean;
    double js = 0;
    for (size_t i = 0; i < 4; ++i) {
      EXPECT_NEAR(response.kl_rows[i], rows[i].kl, 1e-5 * rows[i].kl);
      const RowMeasures& measures = response.by_row;
      EXPECT_NEAR(measures.kl_reverse[i], rows[i].kl_reverse, 1e-5 * rows[i].kl_reverse);
      EXPECT_NEAR(measures.js[i], rows[i].js, 1e-5 * rows[i].js);
      EXPECT_NEAR(measures.total_variation[i], rows[i].total_variation, 1e-5 * rows[i].total_variation);
      EXPECT_NEAR(measures.entropy_change[i], rows[i].entropy_change, 1e-5 * rows[i].total_variation);
      EXPECT_NEAR(measures.delta_logprob[i], rows[i].delta_logprob, 1e-5);
      EXPECT_EQ(measures.top1_flip[i], rows[i].top1_flip ? 1 : 0);
      mean.kl += rows[i].kl / 4;
      mean.kl_reverse += rows[i].kl_reverse / 4;
      js += rows[i].js / 4;
      mean.total_variation += rows[i].total_variation / 4;
      mean.entropy_change += rows[i].entropy_change / 4;
      mean.top1_flips += rows[i].top1_flip ? 0.25 : 0;
      mean.delta_logprob = mean.delta_logprob.value_or(0) + rows[i].delta_logprob / 4;
    }
    EXPECT_NEAR(response.kl, mean.kl, 1e-5 * mean.kl);
    EXPECT_NEAR(response.kl_reverse, mean.kl_reverse, 1e-5 * mean.kl_reverse);
    EXPECT_EQ(response.top1_flips, mean.top1_flips);
    EXPECT_NEAR(response.js, js, 1e-5 * js);
    EXPECT_NEAR(response.total_variation, mean.total_variation, 1e-5 * mean.total_variation);
    EXPECT_NEAR(response.entropy_change, mean.entropy_change, 1e-5 * mean.total_variation);
    EXPECT_EQ(response.kl_own_row, response.kl_rows[0]);
    EXPECT_NEAR(response.kl_after.value(),
                (response.kl_rows[1] + response.kl_rows[2] + response.kl_rows[3]) / 3, 1e-15);
    EXPECT_NEAR(response.delta_logprob.value(), mean.delta_logprob.value(), 1e-5);
  }
}

// The readout `following` leaves out the pushed position's row.
TEST_P(Units, OwnRowIsApartWhereItIsRead) {
  for (const ResponseRecord& response : measure(options({2}), {0}, ReadoutKind::kFollowing).responses) {
    EXPECT_EQ(response.kl_own_row, std::nullopt);
    EXPECT_NEAR(response.kl_after.value(), response.kl, 1e-12);
  }
  // At the last layer's output a push reaches no row after its own.
  for (const ResponseRecord& response : measure(options({2}), {2}).responses) {
    EXPECT_NEAR(response.kl_own_row.value(), 4 * response.kl, 1e-12);
    EXPECT_EQ(response.kl_after, 0.0);
  }
}

TEST_P(Units, EpsilonZeroIsAnExactZero) {
  for (const ResponseRecord& response : measure(options()).responses) {
    if (response.epsilon == 0) {
      const ResponseRecord zero{.direction = response.direction,
                                .js = 0.0,
                                .delta_logprob = 0.0,
                                .kl_rows = std::vector<double>(4),
                                .by_row = RowMeasures::zeros(4),
                                .kl_own_row = 0.0,
                                .kl_after = 0.0};
      EXPECT_EQ(response, zero);
    } else {
      EXPECT_GT(response.kl, 0);
    }
  }
}

TEST_P(Units, WhatNoPushReachesIsZeroAndSaysWhy) {
  int64_t batches = 0;
  const SpanBase base = probe_.base({5, 9}, ReadoutKind::kFollowing);
  const UnitRecord unit =
      measure_unit(probe_.model, *probe_.baseline, base, {2}, options(),
                   {.example_hash = 5, .limits = {.memory = kPlenty}, .after_batch = [&](int64_t) {
                      return ++batches > 0;
                    }});
  EXPECT_NE(unit.note.find("exact zeros"), std::string::npos);
  EXPECT_EQ(unit.rows, (std::vector<int64_t>{5, 6, 7, 8}));
  EXPECT_EQ(batches, 0);
  for (const ResponseRecord& response : unit.responses) EXPECT_EQ(response.kl, 0);
  const ModelConfig& config = probe_.model.config();
  const ReplayRows predicting = probe_.base({5, 9}, ReadoutKind::kPredicting).rows;
  EXPECT_EQ(computed_pushes(config, base.rows, after(2), options()), 0);
  EXPECT_EQ(computed_pushes(config, base.rows, after(1), options()), 6);
  EXPECT_EQ(computed_pushes(config, predicting, after(2), options()), 6);
  EXPECT_TRUE(measure(options(), {1}, ReadoutKind::kFollowing).note.empty());
}

// Epsilons are in units of the residual at the hook, and what causality says counts the attention blocks above it.
TEST_P(Units, KnowTheirHook) {
  for (const Hook hook : {Hook::kResidPre, Hook::kResidMid}) {
    const Probe probe("llama", GetParam(), hook);
    const UnitContext context{.example_hash = 5, .limits = {.memory = kPlenty}, .after_batch = {}};
    const auto last_unit = [&](ReadoutKind readout) {
      return measure_unit(probe.model, *probe.baseline, probe.base({5, 9}, readout), {2}, options({2}),
                          context);
    };
    const UnitRecord predicting = last_unit(ReadoutKind::kPredicting);
    EXPECT_DOUBLE_EQ(predicting.rms, probe.rms({2}, {4}));
    EXPECT_NE(predicting.rms, probe_.rms({2}, {4}));
    const UnitRecord following = last_unit(ReadoutKind::kFollowing);
    const bool attends = hook == Hook::kResidPre;
    EXPECT_EQ(following.note.empty(), attends);
    for (const ResponseRecord& response : predicting.responses) {
      EXPECT_GT(response.kl_rows[0], 0);
      EXPECT_EQ(response.kl_rows[1] > 0, attends);
    }
    for (const ResponseRecord& response : following.responses) EXPECT_EQ(response.kl > 0, attends);
  }
}

TEST_P(Units, SameCallGivesTheSameBits) {
  UnitRecord first = measure(options());
  UnitRecord second = measure(options());
  first.seconds = second.seconds = 0;
  EXPECT_EQ(first, second);
}

TEST_P(Units, BatchesOfAnySizeAgree) {
  const UnitRecord all = measure(options({0.5, 1, 2}, 7));
  for (const int64_t limit : {80'000, 200'000, 500'000}) {
    int64_t batches = 0;
    int64_t pushes = 0;
    const SpanBase base = probe_.base({5, 9}, ReadoutKind::kPredicting);
    const auto count = [&](int64_t made) {
      ++batches;
      pushes += made;
      return true;
    };
    const UnitRecord unit =
        measure_unit(probe_.model, *probe_.baseline, base, {1}, options({0.5, 1, 2}, 7),
                     {.example_hash = 5, .limits = {.memory = limit}, .after_batch = count});
    EXPECT_GT(batches, 1) << limit;
    EXPECT_EQ(pushes, 21);
    expect_close(unit, all);
  }
}

TEST_P(Units, MemoryForLessThanOnePushIsRefused) {
  expect_error(ErrorCode::kUsage, {"--memory-limit", "1000"},
               [&] { (void)measure(options(), {1}, ReadoutKind::kPredicting, 1000); });
}

TEST_P(Units, GivenUpUnitsAreInterrupted) {
  const SpanBase base = probe_.base({5, 9}, ReadoutKind::kPredicting);
  expect_error(ErrorCode::kInterrupted, {"interrupted"}, [&] {
    (void)measure_unit(
        probe_.model, *probe_.baseline, base, {1}, options(),
        {.example_hash = 5, .limits = {.memory = kPlenty}, .after_batch = [](int64_t) { return false; }});
  });
}

// With common directions a curve is one direction at every epsilon: the same unit measured for one epsilon alone.
TEST_P(Units, CommonDirectionsAreTheSameAtEveryEpsilon) {
  const UnitRecord both = measure(options({0.5, 2}));
  const UnitRecord one = measure(options({2}));
  for (size_t d = 0; d < 3; ++d)
    EXPECT_NEAR(both.responses[2 * d + 1].kl, one.responses[d].kl, 1e-5 * one.responses[d].kl);
}

TEST_P(Units, IndependentDirectionsDifferByEpsilon) {
  PushOptions independent = options({2, 2});
  independent.sharing = DirectionSharing::kIndependent;
  const UnitRecord unit = measure(independent);
  for (size_t d = 0; d < 3; ++d)
    EXPECT_GT(std::abs(unit.responses[2 * d].kl / unit.responses[2 * d + 1].kl - 1), 1e-4);
}

TEST_P(Units, DirectionsDoNotDependOnHowMany) {
  const UnitRecord many = measure(options({2}, 9));
  const UnitRecord few = measure(options({2}, 2));
  for (size_t d = 0; d < 2; ++d)
    EXPECT_NEAR(many.responses[d].kl, few.responses[d].kl, 1e-5 * few.responses[d].kl);
}

// The tiny model's vocabulary is no larger than a tail's sample: all of it is computed, and the error is zero.
TEST_P(Units, SampledVocabulariesHaveAStandardError) {
  const auto read = [&](Vocabulary vocabulary) {
    return read_span(probe_.model, *probe_.baseline, {5, 9}, ReadoutKind::kPredicting, {0},
                     {.vocabulary = vocabulary, .seed = 42, .example_hash = 5});
  };
  if (GetParam() == BackendKind::kReference) {
    expect_error(ErrorCode::kUnsupported, {"--vocabulary sampled"},
                 [&] { (void)read(Vocabulary::kSampled); });
    return;
  }
  const UnitContext context{.example_hash = 5, .limits = {.memory = kPlenty}, .after_batch = {}};
  for (const LayerIndex layer : {LayerIndex{1}, LayerIndex{2}}) {
    const auto measured = [&](Vocabulary vocabulary) {
      return measure_unit(probe_.model, *probe_.baseline, read(vocabulary), layer, options(), context);
    };
    const UnitRecord sampled = measured(Vocabulary::kSampled);
    const UnitRecord exact = measured(Vocabulary::kExact);
    expect_close(sampled, exact);
    for (const ResponseRecord& response : exact.responses)
      EXPECT_EQ(response.kl_standard_error, std::nullopt);
    for (const ResponseRecord& response : sampled.responses) {
      EXPECT_EQ(response.kl_standard_error, 0.0);
      EXPECT_EQ(response.kl_rows_standard_error, std::vector<double>(4));
    }
  }
}

TEST_P(Units, SuppliedDirectionsAreUsed) {
  PushOptions supplied = options({2}, 2);
  for (int i : {1, 0})
    supplied.supplied.rows.push_back(isotropic_direction(
        {.seed = 42, .example_hash = 5, .span = {5, 9}, .layer = {1}, .direction = i, .epsilon_index = 0},
        24));
  const UnitRecord unit = measure(supplied);
  const UnitRecord random = measure(options({2}, 2));
  for (size_t d = 0; d < 2; ++d)
    EXPECT_NEAR(unit.responses[d].kl, random.responses[1 - d].kl, 1e-5 * unit.responses[d].kl);
}

TEST_P(Units, NullDirectionsArePushedBesideTheSuppliedOnes) {
  PushOptions beside = options({0, 2}, 1);
  beside.supplied = {.rows = {null_direction(7, 0, 24)}};
  beside.null_directions = 2;
  const UnitRecord unit = measure(beside);
  ASSERT_EQ(unit.responses.size(), 6U);
  for (const ResponseRecord& response : unit.responses)
    EXPECT_EQ(response.set, response.direction == 0 ? DirectionSet::kMain : DirectionSet::kNull);
  EXPECT_EQ(computed_pushes(probe_.model.config(), probe_.base({5, 9}, ReadoutKind::kPredicting).rows,
                            after(1), beside),
            3);
  // Each is the response to that vector supplied.
  PushOptions alone = options({0, 2}, 1);
  alone.supplied = {.rows = {null_direction(beside.seed, 1, 24)}};
  const double kl = measure(alone).responses[1].kl;
  EXPECT_NEAR(unit.responses[5].kl, kl, 1e-5 * kl);
}

// The transcript's last row has no next token: where it is the only one, there is no delta_logprob.
TEST_P(Units, LastRowHasNoTarget) {
  const SpanBase base = probe_.base({12, 13}, ReadoutKind::kFollowing);
  const UnitRecord unit = measure_unit(probe_.model, *probe_.baseline, base, {0}, options({2}),
                                       {.example_hash = 5, .limits = {.memory = kPlenty}, .after_batch = {}});
  EXPECT_EQ(unit.row_tokens, std::vector<int32_t>{kNoTarget});
  for (const ResponseRecord& response : unit.responses) {
    EXPECT_GT(response.kl, 0);
    EXPECT_EQ(response.delta_logprob, std::nullopt);
    EXPECT_EQ(response.by_row.delta_logprob, std::vector<float>{0});
    EXPECT_GT(response.by_row.js.at(0), 0);
  }
}

INSTANTIATE_TEST_SUITE_P(Backends, Units, testing::Values(BackendKind::kReference, BackendKind::kCpu),
                         [](const auto& kind) {
                           return kind.param == BackendKind::kCpu ? "cpu" : "reference";
                         });

}  // namespace
}  // namespace tugline::test
