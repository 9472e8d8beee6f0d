// Sweeps on a tiny model with everything in memory: what runs and what is recorded.
#include <gtest/gtest.h>

#include <functional>
#include <set>

#include "probe/sweep_fixture.h"
#include "support/expect_error.h"
#include "tugline/store/field_names.h"

namespace tugline::test {
namespace {

TEST_F(Sweeps, EveryUnitOnce) {
  const MemoryObserver observer = run(small_options());
  ASSERT_EQ(observer.units.size(), 4U);
  EXPECT_EQ(observer.pushes, 4 * 2);
  for (const auto& [key, unit] : observer.units) {
    EXPECT_EQ(key.span_kind, "anchor");
    EXPECT_EQ(unit.measured.responses.size(), 4U);
    EXPECT_EQ(unit.span_text, key.example == 0 ? "two be." : "so it is five.");
  }
  ASSERT_EQ(observer.examples.size(), 3U);
  EXPECT_EQ(observer.examples[0].content_hash, hex(dataset_[0].content_hash));
  EXPECT_EQ(observer.examples[0].tokens, static_cast<int64_t>(dataset_[0].transcript.size()));
  EXPECT_NE(observer.examples[1].skipped, "");
}

// Directions and batches do not depend on which other examples run: the very same bits.
TEST_F(Sweeps, UnitsDoNotDependOnTheOtherExamples) {
  const MemoryObserver all = run(small_options());
  dataset_ = {dataset_[2]};
  const MemoryObserver one = run(small_options());
  ASSERT_EQ(one.units.size(), 2U);
  for (const auto& [key, unit] : one.units) EXPECT_EQ(unit, all.units.at(key));
}

// The audit's bits neither: of a whole run, of one example alone, of a resumed run. And it changes no
// measurement.
TEST_F(Sweeps, AuditsEveryUnitWhateverElseRuns) {
  SweepOptions options = small_options();
  const MemoryObserver plain = run(options);
  options.audit = 1;
  const auto reference = make_reference_backend();
  const Model exact = load_tiny("llama", *reference);
  const SweepPlan plan = plan_sweep(dataset_, tokenizer_, options);
  MemoryObserver whole;
  run_sweep(model_, plan, options, whole, &exact);
  MemoryObserver resumed;
  for (const size_t kept : {0U, 3U}) resumed.hold(whole.units.at(whole.order[kept]));
  run_sweep(model_, plan, options, resumed, &exact);
  EXPECT_EQ(resumed.units, whole.units);
  for (auto [key, unit] : whole.units) {
    EXPECT_EQ(unit.audit.pushes, 1);
    EXPECT_LT(unit.audit.disagreements[kKl].value(), 1e-4);
    unit.audit = {};
    EXPECT_EQ(unit, plain.units.at(key));
  }
}

TEST_F(Sweeps, NothingToMeasureComesAfterTheReasons) {
  dataset_ = {dataset_[1], make_example(1, "we add it.", "not in there.")};
  MemoryObserver observer;
  const SweepPlan plan = plan_sweep(dataset_, tokenizer_, small_options());
  expect_error(ErrorCode::kNothingToMeasure, {"2 examples"},
               [&] { run_sweep(model_, plan, small_options(), observer); });
  ASSERT_EQ(observer.examples.size(), 2U);
  for (const ExampleRecord& example : observer.examples) EXPECT_NE(example.skipped, "");
  EXPECT_TRUE(observer.units.empty());
}

TEST_F(Sweeps, NoExamplesAtAllIsNothingToMeasure) {
  MemoryObserver observer;
  expect_error(ErrorCode::kNothingToMeasure, {"no examples"},
               [&] { run_sweep(model_, {}, small_options(), observer); });
}

TEST_F(Sweeps, IdentityChangesWithEveryOptionThatDecidesWhatANumberIs) {
  // A new field does not compile here, nor in sweep_settings: add it to both, and a change of it below or to
  // what grows. The rows of supplied vectors and the family reach the identity as `direction_source`
  // (cli/direction_arguments).
  const SweepOptions all;
  [[maybe_unused]] const auto& [layers, point, at, pushes, spans, readout, vocabulary, temperature, asked,
                                bos, max_examples, audit, limits] = all;
  [[maybe_unused]] const auto& [answers, moved] = asked;
  [[maybe_unused]] const auto& [epsilons, directions, seed, sharing, supplied, family, kind, orthogonal,
                                subspace, subspace_origin, null_directions] = pushes;
  [[maybe_unused]] const auto& [rows, memory] = limits;
  const std::vector<std::function<void(SweepOptions&)>> changes{
      [](SweepOptions& o) { o.point = Hook::kResidPre; },
      [](SweepOptions& o) { o.point = Hook::kResidMid; },
      [](SweepOptions& o) { o.point = Hook::kAttnOut; },
      [](SweepOptions& o) {
        o.point = {Hook::kZ, 0};
      },
      [](SweepOptions& o) {
        o.point = {Hook::kZ, 1};
      },
      [](SweepOptions& o) { o.at = PushAt::kFirst; },
      [](SweepOptions& o) { o.at = PushAt::kEvery; },
      [](SweepOptions& o) { o.pushes.seed = 43; },
      [](SweepOptions& o) { o.pushes.sharing = DirectionSharing::kIndependent; },
      [](SweepOptions& o) { o.pushes.kind = PushKind::kRotation; },
      [](SweepOptions& o) { o.pushes.orthogonal = Orthogonal::kToResidual; },
      [](SweepOptions& o) {
        o.pushes.orthogonal = Orthogonal::kToSubspace;
        o.pushes.subspace = {{1, 0}};
      },
      [](SweepOptions& o) {
        o.pushes.orthogonal = Orthogonal::kToSubspace;
        o.pushes.subspace = {{0, 1}};
      },
      [](SweepOptions& o) { o.readout = ReadoutKind::kFollowing; },
      [](SweepOptions& o) { o.readout = ReadoutKind::kDownstream; },
      [](SweepOptions& o) {
        o.readout = {ReadoutKind::kDownstream, 8};
      },
      [](SweepOptions& o) { o.vocabulary = Vocabulary::kSampled; },
      [](SweepOptions& o) { o.temperature = 0.6; },
      [](SweepOptions& o) {
        o.asked.answers = {1, 2};
      },
      [](SweepOptions& o) {
        o.asked.answers = {2, 1};
      },
      [](SweepOptions& o) { o.asked.moved = 3; },
      [](SweepOptions& o) { o.bos = BosPolicy::kNever; },
      [](SweepOptions& o) { o.pushes.family = DirectionFamily::kDifference; }};
  const SweepPlan plan = plan_sweep(dataset_, tokenizer_, small_options());
  std::set<std::string> hashes{sweep_identity(model_, small_options(), plan, "random").hash()};
  const RunIdentity plain = sweep_settings(small_options(), plan, "random");
  std::set<std::string> unchanged;
  for (const auto& [name, value] : plain.fields) unchanged.insert(name);
  for (const auto& change : changes) {
    SweepOptions options = small_options();
    change(options);
    EXPECT_TRUE(hashes.insert(sweep_identity(model_, options, plan, "random").hash()).second);
    // A head, and another place than before the span, are fields only if they are chosen.
    for (const auto& [name, value] : sweep_settings(options, plan, "random").fields)
      if (plain.fields.contains(name) && plain.fields.at(name) != value) unchanged.erase(name);
  }
  EXPECT_EQ(unchanged, (std::set<std::string>{"controls", field::kDirectionFamily}))
      << "each other field of the identity must be changed by an option above";
  EXPECT_TRUE(hashes.insert(sweep_identity(model_, small_options(), plan, "file").hash()).second)
      << "direction file";
  EXPECT_TRUE(
      hashes.insert(sweep_identity(load_tiny("qwen2", *backend_), small_options(), plan, "random").hash())
          .second)
      << "model";
  const auto reference = make_reference_backend();
  EXPECT_TRUE(
      hashes.insert(sweep_identity(load_tiny("llama", *reference), small_options(), plan, "random").hash())
          .second)
      << "backend";
  EXPECT_FALSE(hashes.insert(sweep_identity(model_, small_options(), plan, "random").hash()).second);
}

TEST_F(Sweeps, IdentityIsTheSameForWhatGrowsAndForHowItIsComputed) {
  const std::vector<std::function<void(SweepOptions&)>> changes{
      [](SweepOptions& o) { o.layers = {{1}}; },
      [](SweepOptions& o) { o.spans = {Span::Kind::kChunk}; },
      [](SweepOptions& o) {
        o.spans = {Span::Kind::kAnchor, Span::Kind::kControlWindow};
      },
      [](SweepOptions& o) { o.max_examples = 3; },
      [](SweepOptions& o) {
        o.pushes.epsilons = {0, 0.3};
      },
      [](SweepOptions& o) { o.pushes.directions = 3; },
      [](SweepOptions& o) { o.pushes.null_directions = 3; },
      [](SweepOptions& o) { o.audit = 2; },
      [](SweepOptions& o) { o.limits.memory /= 2; },
      [](SweepOptions& o) { o.limits.rows /= 2; }};
  const std::string plain =
      sweep_settings(small_options(), plan_sweep(dataset_, tokenizer_, small_options()), "random").hash();
  for (const auto& change : changes) {
    SweepOptions options = small_options();
    change(options);
    EXPECT_EQ(sweep_settings(options, plan_sweep(dataset_, tokenizer_, options), "random").hash(), plain);
  }
}

// What directions are made of decides what a number is: such a run grows by everything except transcripts.
TEST_F(Sweeps, IdentityHasTheTranscriptsOfDirectionsThatAreMadeOfResiduals) {
  SweepOptions options = small_options();
  options.pushes.family = DirectionFamily::kDifference;
  const auto residuals_of = [&](const SweepOptions& all) {
    return sweep_settings(all, plan_sweep(dataset_, tokenizer_, all), "difference")
        .fields.at(field::kResiduals);
  };
  const std::string both = residuals_of(options);
  EXPECT_TRUE(both.starts_with("2 transcripts, ")) << both;
  options.layers = {{1}};
  EXPECT_EQ(residuals_of(options), both);
  options.max_examples = 1;
  EXPECT_TRUE(residuals_of(options).starts_with("1 transcript, "));
}

}  // namespace
}  // namespace tugline::test
