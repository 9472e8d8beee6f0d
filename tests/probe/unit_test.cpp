// Units: every push of a (span, layer) once, in order, exact zeros where nothing is computed, and the same
// whatever the batches.
#include "tugline/probe/unit.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cmath>

#include "probe/units.h"
#include "support/expect_error.h"

namespace tugline::test {
namespace {

Site after(int32_t layer) { return {{layer}, Hook::kResidPost}; }

TEST_P(Units, SayWhereTheyWerePushedAndRead) {
  const auto start = std::chrono::steady_clock::now();
  const UnitMeasurement unit = measure(options());
  const double elapsed = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  EXPECT_EQ(unit.position, 4);
  EXPECT_EQ(unit.rows, (std::vector<int64_t>{4, 5, 6, 7}));
  EXPECT_EQ(unit.row_tokens, (std::vector<int32_t>{17, 0, 95, 62}));
  EXPECT_DOUBLE_EQ(unit.rms, probe_.rms({1}, {4}));
  EXPECT_EQ(unit.note, "");
  EXPECT_GT(unit.seconds, 0);
  EXPECT_LE(unit.seconds, elapsed);
}

TEST_P(Units, ResponsesComeByDirectionThenEpsilon) {
  const UnitMeasurement unit = measure(options({2, 0, -0.5}));
  ASSERT_EQ(unit.responses.size(), 9U);
  for (size_t i = 0; i < 9; ++i) {
    EXPECT_EQ(unit.responses[i].direction, static_cast<int32_t>(i / 3));
    EXPECT_EQ(unit.responses[i].epsilon, (std::vector<double>{2, 0, -0.5}[i % 3]));
    EXPECT_EQ(unit.responses[i].rows[kKl].size(), 4U);
  }
}

// Each response is what a replay of epsilon * rms * direction gives, averaged over the rows.
TEST_P(Units, ResponsesAreMeansOfTheReplaysRows) {
  const UnitMeasurement unit = measure(options({0.5, 2}, 2));
  const SpanBase base = probe_.base({5, 9}, ReadoutKind::kPredicting);
  for (const ResponseRecord& response : unit.responses) {
    std::vector<double> vector = isotropic_direction({.seed = 42,
                                                      .example_hash = 5,
                                                      .span = {5, 9},
                                                      .layer = {1},
                                                      .direction = response.direction,
                                                      .epsilon = 0},
                                                     24);
    for (double& v : vector) v *= response.epsilon * unit.rms;
    const auto rows = replay(probe_, base, {1}, vector);
    for (size_t m = 0; m < kMeasures.size(); ++m) {
      if (!kMeasures[m].is_always_measured()) {
        EXPECT_TRUE(response.rows[m].empty() && !response.means[m]) << kMeasures[m].name;
        continue;
      }
      double mean = 0;
      double size =
          0;  // entropy changes and changes of log-probability are of first order in the push, as TV is
      for (size_t i = 0; i < 4; ++i) {
        const double value = rows[i].*kMeasures[m].row;
        const double scale = std::max(std::abs(value), m == kKl ? 0 : rows[i].total_variation);
        EXPECT_NEAR(response.rows[m][i], value, 1e-5 * scale) << kMeasures[m].name;
        mean += value / 4;
        size += scale / 4;
      }
      EXPECT_NEAR(response.means[m].value(), mean, 1e-5 * size) << kMeasures[m].name;
    }
    const double after = (response.rows[kKl][1] + response.rows[kKl][2] + response.rows[kKl][3]) / 3;
    EXPECT_NEAR(response.kl_own_row.value(), response.rows[kKl][0], kF32 * response.rows[kKl][0]);
    EXPECT_NEAR(response.kl_after.value(), after, kF32 * after);
  }
}

// The readout `following` leaves out the pushed position's row.
TEST_P(Units, OwnRowIsApartWhereItIsRead) {
  for (const ResponseRecord& response : measure(options({2}), {0}, ReadoutKind::kFollowing).responses) {
    EXPECT_EQ(response.kl_own_row, std::nullopt);
    EXPECT_NEAR(response.kl_after.value(), response.kl(), 1e-12);
  }
  // At the last layer's output a push reaches no row after its own.
  for (const ResponseRecord& response : measure(options({2}), {2}).responses) {
    EXPECT_NEAR(response.kl_own_row.value(), 4 * response.kl(), 1e-12);
    EXPECT_EQ(response.kl_after, 0.0);
  }
}

TEST_P(Units, EpsilonZeroIsAnExactZero) {
  for (const ResponseRecord& response : measure(options()).responses) {
    if (response.epsilon == 0) {
      ResponseRecord zero{
          .direction = response.direction, .rows = unmoved_rows(4), .kl_own_row = 0.0, .kl_after = 0.0};
      for (size_t m = 0; m < kMeasures.size(); ++m)
        if (kMeasures[m].is_always_measured()) zero.means[m] = 0.0;
      EXPECT_EQ(response, zero);
    } else {
      EXPECT_GT(response.kl(), 0);
    }
  }
}

TEST_P(Units, WhatNoPushReachesIsZeroAndSaysWhy) {
  int64_t batches = 0;
  const SpanBase base = probe_.base({5, 9}, ReadoutKind::kFollowing);
  const UnitMeasurement unit =
      measure_unit(probe_.model, *probe_.baseline, base, {2}, options(),
                   {.example_hash = 5, .limits = {.memory = kPlenty}, .after_batch = [&](int64_t) {
                      return ++batches > 0;
                    }});
  EXPECT_NE(unit.note.find("exact zeros"), std::string::npos);
  EXPECT_EQ(unit.rows, (std::vector<int64_t>{5, 6, 7, 8}));
  EXPECT_EQ(batches, 0);
  for (const ResponseRecord& response : unit.responses) EXPECT_EQ(response.kl(), 0);
  const ModelConfig& config = probe_.model.config();
  const ReplayRows predicting = probe_.base({5, 9}, ReadoutKind::kPredicting).rows;
  EXPECT_EQ(computed_pushes(config, base.rows, after(2), whole_grid(options())), 0);
  EXPECT_EQ(computed_pushes(config, base.rows, after(1), whole_grid(options())), 6);
  EXPECT_EQ(computed_pushes(config, predicting, after(2), whole_grid(options())), 6);
  EXPECT_TRUE(measure(options(), {1}, ReadoutKind::kFollowing).note.empty());
}

// Epsilons are in units of the residual at the hook, and what causality says counts the attention blocks
// above it.
TEST_P(Units, KnowTheirHook) {
  for (const Hook hook : {Hook::kResidPre, Hook::kResidMid}) {
    const Probe probe("llama", GetParam(), hook);
    const UnitContext context{.example_hash = 5, .limits = {.memory = kPlenty}, .after_batch = {}};
    const auto last_unit = [&](ReadoutKind readout) {
      return measure_unit(probe.model, *probe.baseline, probe.base({5, 9}, readout), {2}, options({2}),
                          context);
    };
    const UnitMeasurement predicting = last_unit(ReadoutKind::kPredicting);
    EXPECT_DOUBLE_EQ(predicting.rms, probe.rms({2}, {4}));
    EXPECT_NE(predicting.rms, probe_.rms({2}, {4}));
    const UnitMeasurement following = last_unit(ReadoutKind::kFollowing);
    const bool attends = hook == Hook::kResidPre;
    EXPECT_EQ(following.note.empty(), attends);
    for (const ResponseRecord& response : predicting.responses) {
      EXPECT_GT(response.rows[kKl][0], 0);
      EXPECT_EQ(response.rows[kKl][1] > 0, attends);
    }
    for (const ResponseRecord& response : following.responses) EXPECT_EQ(response.kl() > 0, attends);
  }
}

TEST_P(Units, SameCallGivesTheSameBits) {
  UnitMeasurement first = measure(options());
  UnitMeasurement second = measure(options());
  first.seconds = second.seconds = 0;
  EXPECT_EQ(first, second);
}

TEST_P(Units, BatchesOfAnySizeAgree) {
  const UnitMeasurement all = measure(options({0.5, 1, 2}, 7));
  for (const int64_t limit : {80'000, 200'000, 500'000}) {
    int64_t batches = 0;
    int64_t pushes = 0;
    const SpanBase base = probe_.base({5, 9}, ReadoutKind::kPredicting);
    const auto count = [&](int64_t made) {
      ++batches;
      pushes += made;
      return true;
    };
    const UnitMeasurement unit =
        measure_unit(probe_.model, *probe_.baseline, base, {1}, options({0.5, 1, 2}, 7),
                     {.example_hash = 5, .limits = {.memory = limit}, .after_batch = count});
    EXPECT_GT(batches, 1) << limit;
    EXPECT_EQ(pushes, 21);
    expect_close(unit, all);
  }
}

TEST_P(Units, MemoryForLessThanOnePushIsRefused) {
  expect_error(ErrorCode::kUsage, {"memory_limit: ", "1000"},
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

// With common directions a curve is one direction at every epsilon: the same unit measured for one epsilon
// alone.
TEST_P(Units, CommonDirectionsAreTheSameAtEveryEpsilon) {
  const UnitMeasurement both = measure(options({0.5, 2}));
  const UnitMeasurement one = measure(options({2}));
  for (size_t d = 0; d < 3; ++d)
    EXPECT_NEAR(both.responses[2 * d + 1].kl(), one.responses[d].kl(), 1e-5 * one.responses[d].kl());
}

TEST_P(Units, IndependentDirectionsDifferByEpsilon) {
  PushOptions independent = options({1.999999, 2});
  independent.sharing = DirectionSharing::kIndependent;
  const UnitMeasurement unit = measure(independent);
  for (size_t d = 0; d < 3; ++d)
    EXPECT_GT(std::abs(unit.responses[2 * d].kl() / unit.responses[2 * d + 1].kl() - 1), 1e-4);
  independent.epsilons = {2};  // which others there are decides nothing
  const UnitMeasurement alone = measure(independent);
  for (size_t d = 0; d < 3; ++d) EXPECT_EQ(alone.responses[d].cosine, unit.responses[2 * d + 1].cosine);
}

TEST_P(Units, DirectionsDoNotDependOnHowMany) {
  const UnitMeasurement many = measure(options({2}, 9));
  const UnitMeasurement few = measure(options({2}, 2));
  for (size_t d = 0; d < 2; ++d)
    EXPECT_NEAR(many.responses[d].kl(), few.responses[d].kl(), 1e-5 * few.responses[d].kl());
}

TEST_P(Units, SuppliedDirectionsAreUsed) {
  PushOptions supplied = options({2}, 2);
  for (int i : {1, 0})
    supplied.supplied.rows.push_back(isotropic_direction(
        {.seed = 42, .example_hash = 5, .span = {5, 9}, .layer = {1}, .direction = i, .epsilon = 0}, 24));
  const UnitMeasurement unit = measure(supplied);
  const UnitMeasurement random = measure(options({2}, 2));
  for (size_t d = 0; d < 2; ++d)
    EXPECT_NEAR(unit.responses[d].kl(), random.responses[1 - d].kl(), 1e-5 * unit.responses[d].kl());
}

TEST_P(Units, NullDirectionsArePushedBesideTheSuppliedOnes) {
  PushOptions beside = options({0, 2}, 1);
  beside.supplied = {.rows = {null_direction(7, 0, 24)}};
  beside.null_directions = 2;
  const UnitMeasurement unit = measure(beside);
  ASSERT_EQ(unit.responses.size(), 6U);
  for (const ResponseRecord& response : unit.responses)
    EXPECT_EQ(response.set, response.direction == 0 ? DirectionSet::kMain : DirectionSet::kNull);
  EXPECT_EQ(computed_pushes(probe_.model.config(), probe_.base({5, 9}, ReadoutKind::kPredicting).rows,
                            after(1), whole_grid(beside)),
            3);
  // Each is the response to that vector supplied.
  PushOptions alone = options({0, 2}, 1);
  alone.supplied = {.rows = {null_direction(beside.seed, 1, 24)}};
  const double kl = measure(alone).responses[1].kl();
  EXPECT_NEAR(unit.responses[5].kl(), kl, 1e-5 * kl);
}

// What is asked about tokens is stored row by row; the mean is over all rows, and lists have none.
TEST_P(Units, KeepWhatIsAskedAboutTokens) {
  const ReadoutOptions asked{.asked = {.answers = AnswerPair{3, 41}, .moved = 2}};
  const SpanBase base =
      read_span(probe_.model, *probe_.baseline, {5, 9}, ReadoutKind::kPredicting, {0}, asked);
  const UnitContext context{.example_hash = 5, .limits = {.memory = kPlenty}, .after_batch = {}};
  // At the last layer's output only the pushed row moves.
  for (const LayerIndex layer : {LayerIndex{0}, LayerIndex{2}}) {
    const UnitMeasurement unit =
        measure_unit(probe_.model, *probe_.baseline, base, layer, options({0, 2}), context);
    for (const ResponseRecord& response : unit.responses) {
      const bool moves = response.epsilon != 0;
      const std::vector<double>& answers = response.rows[measure_named("answer_change")];
      ASSERT_EQ(answers.size(), 4U);
      EXPECT_NEAR(response.means[measure_named("answer_change")].value(),
                  std::accumulate(answers.begin(), answers.end(), 0.0) / 4, std::ldexp(1, -20))
          << "the rows' rounding";
      EXPECT_EQ(answers[0] != 0, moves);
      for (const size_t m : {measure_named("rose"), measure_named("fell")}) {
        EXPECT_EQ(response.means[m], std::nullopt);
        ASSERT_EQ(response.rows[m].size(), 4U * 2 * 2);
        for (size_t row = 0; row < 4; ++row) {
          const bool row_moves = moves && (row == 0 || layer.value == 0);
          const double* first = &response.rows[m][row * 4];
          EXPECT_EQ(first[0] >= 0, row_moves) << kMeasures[m].name;
          EXPECT_EQ(first[1] != 0, row_moves);
          EXPECT_GE(std::abs(first[1]), std::abs(first[3]));
          if (row_moves) {
            EXPECT_EQ(first[1] > 0, m == measure_named("rose"));
          }
        }
      }
    }
  }
}

// The transcript's last row has no next token: where it is the only one, there is no delta_logprob.
TEST_P(Units, LastRowHasNoTarget) {
  const SpanBase base = probe_.base({12, 13}, ReadoutKind::kFollowing);
  const UnitMeasurement unit =
      measure_unit(probe_.model, *probe_.baseline, base, {0}, options({2}),
                   {.example_hash = 5, .limits = {.memory = kPlenty}, .after_batch = {}});
  EXPECT_EQ(unit.row_tokens, std::vector<int32_t>{kNoTarget});
  for (const ResponseRecord& response : unit.responses) {
    EXPECT_GT(response.kl(), 0);
    EXPECT_EQ(response.means[measure_named("delta_logprob")], std::nullopt);
    EXPECT_EQ(response.rows[measure_named("delta_logprob")], std::vector<double>{0});
    EXPECT_GT(response.rows[measure_named("js")].at(0), 0);
  }
}

INSTANTIATE_TEST_SUITE_P(Backends, Units, testing::Values(BackendKind::kReference, BackendKind::kCpu),
                         [](const auto& kind) {
                           return kind.param == BackendKind::kCpu ? "cpu" : "reference";
                         });

}  // namespace
}  // namespace tugline::test
