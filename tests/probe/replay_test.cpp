// A replay is the full rerun: every architecture, layer, readout and place of the span, on both backends.
#include "tugline/probe/replay.h"

#include <gtest/gtest.h>

#include "probe/tiny_probe.h"
#include "support/expect_error.h"
#include "tugline/probe/plain_replay.h"
#include "tugline/probe/residual_pass.h"
#include "tugline/probe/sweep.h"

namespace tugline::test {
namespace {

constexpr double kEpsilon = 1.0;

struct Case {
  const char* model;
  BackendKind backend;
};

void PrintTo(const Case& c, std::ostream* out) {
  *out << c.model << (c.backend == BackendKind::kCpu ? " cpu" : " reference");
}

// Relative error of a row's divergences against the slow way. The slow way subtracts logits of a few units:
// in f64 that leaves 1e-15 of logits in KL's square root, 1e-9 at the KLs here, which are above 1e-8; the
// CPU's replay is f32 (docs/method.md: 2e-6 measured on a mean over rows; a single row of a tiny model may be
// worse conditioned).
double tolerance(BackendKind backend) { return backend == BackendKind::kReference ? 1e-8 : 1e-4; }

class Replays : public testing::TestWithParam<Case> {
 protected:
  Probe probe_{GetParam().model, GetParam().backend};
  // The slow way always in f64.
  Probe exact_{GetParam().model, BackendKind::kReference};

  void expect_rerun(const Probe& probe, TokenRange span, ReadoutKind readout, LayerIndex layer) {
    const SpanBase base = probe.base(span, readout);
    const auto vectors = random_pushes(probe, layer, base.rows.push, kEpsilon, 3);
    const auto responses = replay(probe, base, layer, vectors);
    const Rerun unpushed = rerun(exact_.model, exact_.ids, std::nullopt);
    const auto targets = read_targets(*probe.baseline, base.rows);
    const int64_t width = width_at(probe.baseline->point(), probe.model.config());
    ASSERT_EQ(responses.size(), static_cast<size_t>(3 * base.rows.read()));
    for (int64_t push = 0; push < 3; ++push) {
      const std::vector<double> vector(vectors.begin() + push * width, vectors.begin() + (push + 1) * width);
      const Rerun pushed =
          rerun(exact_.model, exact_.ids, Push{layer, base.rows.push, vector, probe.baseline->point()});
      for (int64_t i = 0; i < base.rows.read(); ++i) {
        const RowResponse& found = responses[static_cast<size_t>(push * base.rows.read() + i)];
        const int32_t target = targets[static_cast<size_t>(i)];
        expect_close(found,
                     compare(exact_.model, unpushed, pushed, base.rows.read_position(i).value, target));
      }
    }
  }

  static void expect_close(const RowResponse& found, const RowResponse& expected) {
    const double relative = tolerance(GetParam().backend);
    const double unseen = GetParam().backend == BackendKind::kReference ? 1e-14 : 1e-12;
    EXPECT_NEAR(found.kl, expected.kl, relative * expected.kl + unseen);
    EXPECT_NEAR(found.kl_reverse, expected.kl_reverse, relative * expected.kl_reverse + unseen);
    EXPECT_EQ(std::isnan(found.delta_logprob), std::isnan(expected.delta_logprob));
    if (!std::isnan(expected.delta_logprob)) {
      EXPECT_NEAR(found.delta_logprob, expected.delta_logprob,
                  relative * (std::sqrt(expected.kl) + std::abs(expected.delta_logprob)) + unseen);
    }
    EXPECT_EQ(found.top1_flip, expected.top1_flip);
  }
};

TEST_P(Replays, EqualTheFullRerun) {
  for (const LayerIndex layer : probe_.all_layers())
    for (const ReadoutKind readout : {ReadoutKind::kPredicting, ReadoutKind::kFollowing})
      for (const TokenRange span :
           {TokenRange{5, 9}, TokenRange{1, 2}, TokenRange{10, 13}, TokenRange{1, 13}, TokenRange{12, 13}})
        expect_rerun(probe_, span, readout, layer);
}

TEST_P(Replays, EqualTheFullRerunAtEveryHook) {
  for (const SitePoint hook : hooks_of(GetParam().model)) {
    const Probe probe(GetParam().model, GetParam().backend, hook);
    for (const LayerIndex layer : probe.all_layers())
      for (const ReadoutKind readout : {ReadoutKind::kPredicting, ReadoutKind::kFollowing})
        for (const TokenRange span : {TokenRange{5, 9}, TokenRange{1, 13}})
          expect_rerun(probe, span, readout, layer);
  }
}

// The kept residuals are what their names say: the embedding, then the output of the layer below; between the
// two, with the attention block's output added.
TEST_P(Replays, HooksAreWhatTheirNamesSay) {
  const Probe pre(GetParam().model, GetParam().backend, Hook::kResidPre);
  const auto at = [](const Probe& probe, LayerIndex layer) {
    return probe.backend->download(probe.baseline->residual(layer).matrix());
  };
  const auto embedded = pre.backend->allocate(pre.baseline->tokens(), pre.model.config().hidden_size);
  pre.model.embed(pre.ids, embedded->matrix());
  EXPECT_EQ(at(pre, {0}), pre.backend->download(embedded->matrix()));
  EXPECT_EQ(at(pre, {1}), at(probe_, {0}));
  EXPECT_EQ(at(pre, {2}), at(probe_, {1}));
  if (!pre.model.program().has(Hook::kResidMid)) return;
  const Probe mid(GetParam().model, GetParam().backend, Hook::kResidMid);
  // The attention block on the layer's input, all rows at once.
  Backend& backend = *pre.backend;
  const int64_t tokens = pre.baseline->tokens();
  const RopeTable rope = pre.model.make_rope_table(tokens);
  LayerWorkspace workspace(pre.model.config(), tokens, backend);
  const LayerContext context{rope, {.pushes = 1, .rows = tokens, .first_position = 0}, {}, {}};
  const auto h = backend.allocate(tokens, pre.model.config().hidden_size);
  backend.upload(at(pre, {1}), h->matrix());
  const size_t after_attention = pre.model.program().above(Hook::kResidMid).begin;
  run_steps(pre.model.layer({1}), {0, after_attention}, context, h->matrix(), workspace);
  const auto expected = backend.download(h->matrix());
  const auto found = at(mid, {1});
  for (size_t i = 0; i < found.size(); ++i) ASSERT_NEAR(found[i], expected[i], 1e-5) << i;
  EXPECT_NE(found, at(pre, {1}));
}

// Parallel blocks read the same residual, so there is none between them.
TEST(ParallelBlocks, HaveNoResidMid) {
  const Probe probe("gpt_neox", BackendKind::kCpu);
  const auto expect_refusal = [](const std::function<void()>& act) {
    expect_error(ErrorCode::kUsage,
                 {"gpt_neox has no resid_mid", "resid_pre, z, attn_out, mlp_out, resid_post"}, act);
  };
  const LayerIndex layer{0};
  expect_refusal([&] { Baseline(probe.model, probe.ids, std::span(&layer, 1), Hook::kResidMid); });
  expect_refusal([&] {
    visit_residuals(probe.model, probe.ids, std::span(&layer, 1), Hook::kResidMid,
                    [](LayerIndex, const Matrix&) {});
  });
  SweepOptions options;
  options.layers = {layer};
  options.point = Hook::kResidMid;
  expect_refusal([&] { check_plan(probe.model.config(), {}, options); });
  EXPECT_EQ(hooks_of("gpt_neox_serial").size(), 6U);
}

// The same push under its two names.
TEST_P(Replays, ResidPreIsResidPostOfTheLayerBelow) {
  const Probe pre(GetParam().model, GetParam().backend, Hook::kResidPre);
  const SpanBase base = probe_.base({5, 9}, ReadoutKind::kPredicting);
  const SpanBase pre_base = pre.base({5, 9}, ReadoutKind::kPredicting);
  const auto vectors = random_pushes(probe_, {1}, base.rows.push, kEpsilon, 3);
  const auto post_responses = replay(probe_, base, {1}, vectors);
  const auto pre_responses = replay(pre, pre_base, {2}, vectors);
  const double relative = GetParam().backend == BackendKind::kReference ? 1e-10 : 1e-4;
  for (size_t i = 0; i < post_responses.size(); ++i)
    EXPECT_NEAR(pre_responses[i].kl, post_responses[i].kl, relative * post_responses[i].kl + 1e-14);
}

// Rounding may differ with the batch's shape; the responses do not.
TEST_P(Replays, BatchIsOneByOne) {
  const SpanBase base = probe_.base({5, 9}, ReadoutKind::kPredicting);
  const auto vectors = random_pushes(probe_, {1}, base.rows.push, kEpsilon, 7);
  const auto all = replay(probe_, base, {1}, vectors);
  const int64_t hidden = probe_.model.config().hidden_size;
  for (int64_t push = 0; push < 7; ++push) {
    const auto one =
        replay(probe_, base, {1}, {vectors.begin() + push * hidden, vectors.begin() + (push + 1) * hidden});
    for (size_t i = 0; i < one.size(); ++i)
      EXPECT_NEAR(one[i].kl, all[static_cast<size_t>(push) * one.size() + i].kl, 1e-5 * one[i].kl);
  }
}

TEST_P(Replays, SameCallGivesTheSameBits) {
  const SpanBase base = probe_.base({3, 10}, ReadoutKind::kFollowing);
  const auto vectors = random_pushes(probe_, {0}, base.rows.push, kEpsilon, 5);
  const auto first = replay(probe_, base, {0}, vectors);
  const auto second = replay(probe_, base, {0}, vectors);
  for (size_t i = 0; i < first.size(); ++i) {
    EXPECT_EQ(first[i].kl, second[i].kl);
    EXPECT_EQ(first[i].kl_reverse, second[i].kl_reverse);
  }
}

// A used workspace, of more pushes than are run now.
TEST_P(Replays, WorkspaceKeepsNothing) {
  const SpanBase base = probe_.base({5, 9}, ReadoutKind::kPredicting);
  ReplayWorkspace workspace(probe_.model, 9, base.rows);
  Replay reused(probe_.model, *probe_.baseline, base, {1}, workspace);
  (void)reused.submit(random_pushes(probe_, {1}, base.rows.push, 50.0, 9))->collect();
  const auto vectors = random_pushes(probe_, {1}, base.rows.push, kEpsilon, 2);
  const auto found = reused.submit(vectors)->collect();
  const auto expected = replay(probe_, base, {1}, vectors);
  ASSERT_EQ(found.size(), expected.size());
  for (size_t i = 0; i < found.size(); ++i) EXPECT_EQ(found[i].kl, expected[i].kl);
}

TEST_P(Replays, NoPushIsExactlyZero) {
  for (const ReadoutKind readout : {ReadoutKind::kPredicting, ReadoutKind::kFollowing}) {
    const SpanBase base = probe_.base({4, 11}, readout);
    const std::vector<double> nothing(static_cast<size_t>(2 * probe_.model.config().hidden_size));
    for (const RowResponse& response : replay(probe_, base, {0}, nothing)) {
      EXPECT_EQ(response.kl, 0);
      EXPECT_EQ(response.kl_reverse, 0);
      EXPECT_FALSE(response.top1_flip);
    }
  }
}

TEST_P(Replays, PositionsBeforeThePushNeverMove) {
  const Rerun unpushed = rerun(probe_.model, probe_.ids, std::nullopt);
  const auto hidden = static_cast<size_t>(probe_.model.config().hidden_size);
  const Rerun pushed =
      rerun(probe_.model, probe_.ids, Push{{0}, {6}, random_pushes(probe_, {0}, {6}, kEpsilon, 1)});
  for (size_t i = 0; i < 6 * hidden; ++i)
    ASSERT_EQ(pushed.residual[i], unpushed.residual[i]) << "element " << i;
  for (size_t row = 6; row < probe_.ids.size(); ++row)
    EXPECT_NE(pushed.residual[row * hidden], unpushed.residual[row * hidden]);
}

// The baseline is that rerun without a push, too.
TEST_P(Replays, BaselineIsTheRerunWithoutAPush) {
  const Rerun unpushed = rerun(probe_.model, probe_.ids, std::nullopt);
  EXPECT_EQ(probe_.backend->download(probe_.baseline->final_normed().matrix()), unpushed.normed);
  EXPECT_EQ(probe_.backend->download(probe_.baseline->residual({2}).matrix()), unpushed.residual);
}

// At the last layer nothing is left between push and readout: rows after p stay.
TEST_P(Replays, LastLayerReachesOnlyItsOwnRow) {
  const SpanBase base = probe_.base({5, 9}, ReadoutKind::kPredicting);
  const auto responses = replay(probe_, base, {2}, random_pushes(probe_, {2}, base.rows.push, kEpsilon, 2));
  for (size_t i = 0; i < responses.size(); ++i) {
    if (i % 4 == 0) {
      EXPECT_GT(responses[i].kl, 0);
    } else {
      EXPECT_EQ(responses[i].kl, 0);
    }
  }
}

// KL per epsilon squared, over both signs, is the same from 1e-5 to 1e-2 (terms of order epsilon squared left
// out): nothing is lost to rounding where KL is 1e-13.
TEST_P(Replays, SmallPushesAreQuadratic) {
  const SpanBase base = probe_.base({5, 9}, ReadoutKind::kPredicting);
  std::vector<double> curvature;
  for (const double epsilon : {1e-5, 1e-4, 1e-3, 1e-2}) {
    double sum = 0;
    for (const double sign : {1.0, -1.0})
      for (const RowResponse& r :
           replay(probe_, base, {0}, random_pushes(probe_, {0}, base.rows.push, sign * epsilon, 3)))
        sum += r.kl;
    curvature.push_back(sum / (epsilon * epsilon));
  }
  for (const double found : curvature) EXPECT_NEAR(found, curvature.front(), 2e-4 * curvature.front());
}

// Pushes that drown the residual: finite, and what the rerun gives.
TEST_P(Replays, HugePushes) {
  const SpanBase base = probe_.base({5, 9}, ReadoutKind::kPredicting);
  const Rerun unpushed = rerun(exact_.model, exact_.ids, std::nullopt);
  for (const double epsilon : {30.0, 1000.0}) {
    const auto vector = random_pushes(probe_, {0}, base.rows.push, epsilon, 1);
    const auto responses = replay(probe_, base, {0}, vector);
    const Rerun pushed = rerun(exact_.model, exact_.ids, Push{{0}, base.rows.push, vector});
    for (int64_t i = 0; i < base.rows.read(); ++i) {
      const RowResponse expected =
          compare(exact_.model, unpushed, pushed, base.rows.read_position(i).value, 0);
      EXPECT_NEAR(responses[static_cast<size_t>(i)].kl, expected.kl,
                  (GetParam().backend == BackendKind::kCpu ? 1e-3 : 1e-7) * expected.kl);
    }
  }
}

// The plain replay, on values, is the same in f64.
TEST_P(Replays, PlainReplayAgrees) {
  for (const SitePoint hook : hooks_of(GetParam().model)) {
    const Probe probe(GetParam().model, GetParam().backend, hook);
    const SpanBase base = probe.base({5, 9}, ReadoutKind::kPredicting);
    const auto vectors = random_pushes(probe, {0}, base.rows.push, 3.0, 4);
    PlainReplayWorkspace workspace(probe.model, 4, base.rows);
    const auto plain =
        PlainReplay(probe.model, *probe.baseline, base.rows, {0}, workspace).submit(vectors)->collect();
    const auto responses = replay(probe, base, {0}, vectors);
    const double relative = GetParam().backend == BackendKind::kReference ? 1e-9 : 1e-2;
    for (size_t i = 0; i < plain.size(); ++i)
      EXPECT_NEAR(responses[i].kl, plain[i].kl, relative * plain[i].kl + 1e-14);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Models, Replays,
    testing::Values(Case{"llama", BackendKind::kReference}, Case{"llama", BackendKind::kCpu},
                    Case{"llama_biases", BackendKind::kReference}, Case{"llama_biases", BackendKind::kCpu},
                    Case{"qwen2", BackendKind::kReference}, Case{"qwen2", BackendKind::kCpu},
                    Case{"qwen3", BackendKind::kReference}, Case{"qwen3", BackendKind::kCpu},
                    Case{"olmo2", BackendKind::kReference}, Case{"olmo2", BackendKind::kCpu},
                    Case{"gpt_neox", BackendKind::kReference}, Case{"gpt_neox", BackendKind::kCpu},
                    Case{"gpt_neox_serial", BackendKind::kReference},
                    Case{"gpt_neox_serial", BackendKind::kCpu}, Case{"qwen3_window", BackendKind::kReference},
                    Case{"qwen3_window", BackendKind::kCpu}),
    [](const auto& c) {
      return std::string(c.param.model) + (c.param.backend == BackendKind::kCpu ? "_cpu" : "_reference");
    });

TEST(ReplayRows, Predicting) {
  const ReplayRows rows = replay_rows({5, 9}, ReadoutKind::kPredicting, 13);
  EXPECT_EQ(rows.push.value, 4);
  EXPECT_EQ(rows.count, 4);
  EXPECT_EQ(rows.read(), 4);
  EXPECT_EQ(rows.read_position(0).value, 4);
  EXPECT_EQ(rows.read_position(3).value, 7);
}

TEST(ReplayRows, Following) {
  const ReplayRows rows = replay_rows({5, 9}, ReadoutKind::kFollowing, 9);
  EXPECT_EQ(rows.push.value, 4);
  EXPECT_EQ(rows.count, 5);
  EXPECT_EQ(rows.read(), 4);
  EXPECT_EQ(rows.read_position(0).value, 5);
  EXPECT_EQ(rows.read_position(3).value, 8);
}

TEST(ReplayRows, Downstream) {
  const ReplayRows all = replay_rows({5, 9}, ReadoutKind::kDownstream, 13);
  EXPECT_EQ(all.push.value, 4);
  EXPECT_EQ(all.count, 9);  // the span's rows are replayed, not read
  EXPECT_EQ(all.readout(), (TokenRange{9, 13}));
  EXPECT_EQ(replay_rows({5, 9}, {ReadoutKind::kDownstream, 3}, 13).readout(), (TokenRange{9, 12}));
  EXPECT_EQ(replay_rows({5, 9}, {ReadoutKind::kDownstream, 99}, 13).readout(), (TokenRange{9, 13}));
  expect_error(ErrorCode::kInput, {"[5, 13)", "ends the transcript", "downstream"}, [&] {
    (void)replay_rows({5, 13}, ReadoutKind::kDownstream, 13);
  });
}

TEST(ReplayRows, MovedPushesBeyondTheReadoutAreRefused) {
  EXPECT_EQ(replay_rows({5, 9}, ReadoutKind::kPredicting, 13, {.offset = 3}).push.value, 7);
  for (const int64_t offset : {-5, 4})
    expect_error(ErrorCode::kInput, {"moved by", "last row of the readout 'predicting' is 7"}, [&] {
      (void)replay_rows({5, 9}, ReadoutKind::kPredicting, 13, {.offset = offset});
    });
}

TEST(ReplayRows, OfEveryPlaceOfThePush) {
  const ReplayRows first = replay_rows({5, 9}, ReadoutKind::kPredicting, 13, {.at = PushAt::kFirst});
  EXPECT_EQ(first.landed(), (TokenRange{5, 6}));
  EXPECT_EQ(first.readout(), (TokenRange{4, 8}));
  EXPECT_EQ(first.unmoved, 1) << "the row that predicts the pushed token is before it";
  const ReplayRows last = replay_rows({5, 9}, ReadoutKind::kFollowing, 13, {.at = PushAt::kLast});
  EXPECT_EQ(last.landed(), (TokenRange{8, 9}));
  EXPECT_EQ(last.unmoved, 3);
  EXPECT_EQ(last.count, 1);
  const ReplayRows every = replay_rows({5, 9}, ReadoutKind::kPredicting, 13, {.at = PushAt::kEvery});
  EXPECT_EQ(every.landed(), (TokenRange{5, 9}));
  EXPECT_EQ(every.count, 3);
  EXPECT_EQ(every.vectors(), 3) << "the last token is after the last row that is read";
  EXPECT_EQ(replay_rows({5, 9}, ReadoutKind::kDownstream, 13, {.at = PushAt::kEvery}).vectors(), 4);
}

TEST(ReplayRows, APushThatNoRowFollowsIsRefused) {
  expect_error(ErrorCode::kUsage, {"'last'", "'predicting'", "'following' or 'downstream'"},
               [] { check_at(PushAt::kLast, ReadoutKind::kPredicting); });
  check_at(PushAt::kLast, ReadoutKind::kFollowing);
  for (const PushAt at : {PushAt::kFirst, PushAt::kEvery}) {
    check_at(at, ReadoutKind::kPredicting);
    expect_error(ErrorCode::kInput, {"lands on token 5", "'predicting' is 4"}, [&] {
      (void)replay_rows({5, 6}, ReadoutKind::kPredicting, 13, {.at = at});
    });
  }
  expect_error(ErrorCode::kInput, {"beyond the transcript's 9"}, [] {
    (void)replay_rows({5, 9}, ReadoutKind::kFollowing, 9, {.at = PushAt::kEvery, .offset = 1});
  });
}

// Whatever is read, a span's base is the span's: directions are keyed by it.
TEST(ReplayRows, TheBaseKeepsItsSpan) {
  const Probe probe("llama", BackendKind::kReference);
  EXPECT_EQ(read_span(probe.model, *probe.baseline, {5, 9}, ReadoutKind::kDownstream, LayerIndex{0}).span,
            (TokenRange{5, 9}));
}

TEST(ReplayRows, SpansThatCannotBeAreRefused) {
  for (const ReadoutKind readout : {ReadoutKind::kPredicting, ReadoutKind::kFollowing}) {
    expect_error(ErrorCode::kInput, {"[3, 3)", "empty"}, [&] { (void)replay_rows({3, 3}, readout, 9); });
    expect_error(ErrorCode::kInput, {"[5, 3)", "empty"}, [&] { (void)replay_rows({5, 3}, readout, 9); });
    expect_error(ErrorCode::kInput, {"[0, 3)", "first token"}, [&] {
      (void)replay_rows({0, 3}, readout, 9);
    });
    expect_error(ErrorCode::kInput, {"[-2, 3)", "first token"}, [&] {
      (void)replay_rows({-2, 3}, readout, 9);
    });
    expect_error(ErrorCode::kInput, {"[3, 10)", "beyond", "9"}, [&] {
      (void)replay_rows({3, 10}, readout, 9);
    });
    EXPECT_EQ(replay_rows({3, 9}, readout, 9).read(), 6);
  }
}

TEST(ReadTargets, AreTheNextTokens) {
  const Probe probe("llama", BackendKind::kReference);
  EXPECT_EQ(read_targets(*probe.baseline, replay_rows({1, 3}, ReadoutKind::kPredicting, 13)),
            (std::vector<int32_t>{41, 5}));
  EXPECT_EQ(read_targets(*probe.baseline, replay_rows({11, 13}, ReadoutKind::kFollowing, 13)),
            (std::vector<int32_t>{2, kNoTarget}));
}

TEST(BaselineErrors, AreByName) {
  const auto backend = make_reference_backend();
  const Model model = load_tiny("llama", *backend);
  const auto run = [&](std::vector<int32_t> ids, std::vector<LayerIndex> layers) {
    return Baseline(model, std::move(ids), layers);
  };
  expect_error(ErrorCode::kInput, {"no tokens"}, [&] { (void)run({}, {{0}}); });
  expect_error(ErrorCode::kInput, {"96", "vocabulary"}, [&] { (void)run({1, 96}, {{0}}); });
  expect_error(ErrorCode::kInput, {"129 tokens", "128"},
               [&] { (void)run(std::vector<int32_t>(129), {{0}}); });
  expect_error(ErrorCode::kUsage, {"layer 3", "3 layers"}, [&] { (void)run({1, 2}, {{3}}); });
  expect_error(ErrorCode::kUsage, {"layer -1", "3 layers"}, [&] { (void)run({1, 2}, {{-1}}); });
  expect_error(ErrorCode::kUsage, {"no layer"}, [&] { (void)run({1, 2}, {}); });
}

}  // namespace
}  // namespace tugline::test
