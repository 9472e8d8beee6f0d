// Sweeps on a tiny model with everything in memory: what runs, what resumes, what is recorded.
#include "tugline/probe/sweep.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <nlohmann/json.hpp>
#include <set>

#include "files/build_bytes.h"
#include "probe/tiny_probe.h"
#include "tugline/core/content_hash.h"
#include "tugline/probe/controls.h"
#include "tugline/probe/plan.h"

namespace tugline::test {
namespace {

// One token for each letter, space and full stop.
Tokenizer letter_tokenizer() {
  nlohmann::json vocab;
  for (char c = 'a'; c <= 'z'; ++c) vocab[std::string(1, c)] = c - 'a';
  vocab["."] = 26;
  vocab["\u0120"] = 27;
  const nlohmann::json document{
      {"added_tokens", nlohmann::json::array()},
      {"normalizer", nullptr},
      {"pre_tokenizer",
       {{"type", "ByteLevel"}, {"add_prefix_space", false}, {"trim_offsets", true}, {"use_regex", false}}},
      {"post_processor", nullptr},
      {"decoder", {{"type", "ByteLevel"}}},
      {"model", {{"type", "BPE"}, {"vocab", vocab}, {"merges", nlohmann::json::array()}}}};
  return Tokenizer::from_json_text(document.dump(), "letters");
}

Example make_example(int64_t index, const std::string& cot, std::optional<std::string> anchor) {
  Example example;
  example.index = index;
  example.prompt = "ask";
  example.cot = cot;
  example.transcript = "ask. " + cot;
  example.anchor_sentence = std::move(anchor);
  example.content_hash = hash_text(example.transcript);
  return example;
}

std::vector<Example> dataset() {
  return {make_example(0, "one is. two be. ten", "two be."), make_example(1, "no anchor here.", std::nullopt),
          make_example(2, "we add it. so it is five.", "so it is five.")};
}

// A tiny model with one token's embedding a thousand times as large: a sink wherever the token stands.
Model load_with_sink(int32_t token, const TemporaryFolder& folder, Backend& backend) {
  std::filesystem::copy(tiny_path("llama"), folder.path() / "model");
  std::fstream file(folder.path() / "model" / "model.safetensors",
                    std::ios::in | std::ios::out | std::ios::binary);
  uint64_t size = 0;
  file.read(reinterpret_cast<char*>(&size), sizeof size);
  std::string header(size, ' ');
  file.read(header.data(), static_cast<std::streamsize>(size));
  const auto table = nlohmann::json::parse(header).at("model.embed_tokens.weight");
  const auto hidden = table.at("shape").at(1).get<size_t>();
  const auto at =
      static_cast<std::streamoff>(sizeof size + size + table.at("data_offsets").at(0).get<size_t>() +
                                  static_cast<size_t>(token) * hidden * sizeof(float));
  std::vector<float> row(hidden);
  const auto bytes = static_cast<std::streamsize>(hidden * sizeof(float));
  file.seekg(at).read(reinterpret_cast<char*>(row.data()), bytes);
  for (float& value : row) value *= 1000;
  file.seekp(at).write(reinterpret_cast<const char*>(row.data()), bytes);
  file.close();
  return Model::load(resolve_model((folder.path() / "model").string()), backend);
}

SweepOptions small_options() {
  SweepOptions options;
  options.layers = {{0}, {1}};
  options.pushes = {
      .epsilons = {0, 1}, .directions = 2, .seed = 42, .sharing = DirectionSharing::kCommon, .supplied = {}};
  return options;
}

class MemoryObserver final : public SweepObserver {
 public:
  bool has_unit(const UnitKey& key) override { return units.contains(key); }
  void put_example(const ExampleRecord& example) override { examples.push_back(example); }
  void put_skipped_span(const SkippedSpan& span) override { skipped.push_back(span); }
  void put_unit(const UnitRecord& unit) override {
    EXPECT_FALSE(units.contains(unit.key)) << "measured twice";
    units[unit.key] = unit;
    units[unit.key].seconds = 0;
    order.push_back(unit.key);
  }
  void put_residuals(LayerIndex layer, const ResidualStatistics& statistics) override {
    residuals[layer] = statistics;
  }
  bool progress(int64_t made, double took) override {
    pushes += made;
    flops += took;
    return pushes < stop_after;
  }

  std::map<UnitKey, UnitRecord> units;
  std::vector<UnitKey> order;
  std::vector<ExampleRecord> examples;
  std::vector<SkippedSpan> skipped;
  ResidualsByLayer residuals;
  int64_t pushes = 0;
  double flops = 0;
  int64_t stop_after = int64_t{1} << 40;
};

class Sweeps : public testing::Test {
 protected:
  std::unique_ptr<Backend> backend_ = make_cpu_backend();
  Model model_ = load_tiny("llama", *backend_);
  Tokenizer tokenizer_ = letter_tokenizer();
  std::vector<Example> dataset_ = dataset();

  MemoryObserver run(const SweepOptions& options) {
    MemoryObserver observer;
    run_sweep(model_, plan_sweep(dataset_, tokenizer_, options), options, observer);
    return observer;
  }
};

TEST_F(Sweeps, PlanFindsTheSpansAndSaysWhatItSkips) {
  const SweepPlan plan = plan_sweep(dataset_, tokenizer_, small_options());
  ASSERT_EQ(plan.examples.size(), 3U);
  EXPECT_EQ(plan.spans(), 2);
  EXPECT_EQ(plan.examples[0].ids.size(), dataset_[0].transcript.size());
  ASSERT_EQ(plan.examples[0].spans.size(), 1U);
  const auto begin = static_cast<int64_t>(dataset_[0].transcript.find("two be."));
  EXPECT_EQ(plan.examples[0].spans[0].tokens, (TokenRange{begin, begin + 7}));
  EXPECT_EQ(plan.examples[0].skipped, "");
  EXPECT_NE(plan.examples[1].skipped, "");
  EXPECT_TRUE(plan.examples[1].spans.empty());
}

TEST_F(Sweeps, ChunksAreSpansOfTheirOwn) {
  SweepOptions options = small_options();
  options.spans = {Span::Kind::kChunk};
  dataset_ = {make_example(0, "first we add one and two. then we take the sum. it is three in the end.",
                           std::nullopt)};
  const SweepPlan plan = plan_sweep(dataset_, tokenizer_, options);
  ASSERT_EQ(plan.examples[0].spans.size(), 2U);
  EXPECT_EQ(plan.examples[0].skipped, "");
  for (size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(plan.examples[0].spans[i].kind, Span::Kind::kChunk);
    EXPECT_EQ(plan.examples[0].spans[i].chunk, static_cast<int64_t>(i));
  }
}

constexpr Span::Kind kControls[] = {Span::Kind::kControlMatched, Span::Kind::kControlWindow,
                                    Span::Kind::kControlOffset};

TEST_F(Sweeps, ControlsAreUnitsOfKindsOfTheirOwn) {
  SweepOptions options = small_options();
  options.spans.assign(std::begin(kControls), std::end(kControls));
  dataset_ = {make_example(
      0, "first we add it. then we take two. so it is nine. now we say so. and stop it. ", "so it is nine.")};
  const MemoryObserver observer = run(options);
  std::map<std::string, int64_t> units;
  for (const auto& [key, unit] : observer.units) {
    ++units[key.span_kind];
    EXPECT_FALSE(unit.sink);
    EXPECT_EQ(unit.responses.size(), 4U);
    const std::string text = dataset_[0].transcript.substr(static_cast<size_t>(unit.span.begin),
                                                           static_cast<size_t>(unit.span.size()));
    EXPECT_EQ(unit.span_text, text);
    if (!key.span_kind.starts_with("control_offset")) {
      EXPECT_EQ(text.find("nine"), std::string::npos);
      EXPECT_EQ(unit.position, unit.span.begin - 1);
    }
  }
  EXPECT_EQ(units["control_matched"], 2 * kMatchedControls);
  EXPECT_EQ(units["control_window"], 2 * kWindowControls);
  for (const int64_t offset : kControlOffsets)
    EXPECT_EQ(units[kind_name(Span::Kind::kControlOffset, offset)], 2) << offset;
}

TEST_F(Sweeps, NoAnchorNoControls) {
  SweepOptions options = small_options();
  options.spans.assign(std::begin(kControls), std::end(kControls));
  const SweepPlan plan = plan_sweep(dataset_, tokenizer_, options);
  EXPECT_NE(plan.examples[1].skipped.find("no anchor to control"), std::string::npos);
}

TEST_F(Sweeps, DownstreamReadsWhatComesAfterTheSpan) {
  SweepOptions options = small_options();
  options.readout = ReadoutKind::kDownstream;
  const auto tokens = static_cast<int64_t>(dataset_[0].transcript.size());
  const SweepPlan plan = plan_sweep(dataset_, tokenizer_, options);
  // The last example's anchor ends its transcript.
  EXPECT_NE(plan.examples[2].skipped.find("no row behind it"), std::string::npos) << plan.examples[2].skipped;
  for (const int64_t most : {int64_t{0}, int64_t{2}}) {
    options.readout.most_rows = most;
    const MemoryObserver observer = run(options);
    ASSERT_EQ(observer.units.size(), 2U);
    for (const auto& [key, unit] : observer.units) {
      EXPECT_EQ(unit.rows.front(), unit.span.end);
      EXPECT_EQ(unit.rows.size(), static_cast<size_t>(most > 0 ? most : tokens - unit.span.end));
      EXPECT_EQ(unit.position, unit.span.begin - 1);
      for (const ResponseRecord& response : unit.responses)
        EXPECT_EQ(response.kl > 0, response.epsilon > 0) << key.layer;
    }
  }
}

// A long readout's trace and base distributions count against the limit before anything is run.
TEST_F(Sweeps, ReadoutsBeyondTheMemoryLimitAreRefused) {
  const ReplayRows rows = replay_rows({5, 9}, ReadoutKind::kDownstream, 100);
  const int64_t needed = span_bytes(model_.config(), rows, {0});
  check_span_memory(model_.config(), rows, {0}, needed);
  expect_error(ErrorCode::kUsage, {"96 rows", std::to_string(needed), "downstream:N"},
               [&] { check_span_memory(model_.config(), rows, {0}, needed - 1); });
  // Twice the rows take more than twice the memory: attention weights.
  EXPECT_GT(span_bytes(model_.config(), replay_rows({5, 9}, ReadoutKind::kDownstream, 196), {0}), 2 * needed);
}

TEST_F(Sweeps, NoControlIsMeasuredAtASink) {
  const TemporaryFolder folder;
  model_ = load_with_sink('q' - 'a', folder, *backend_);
  SweepOptions options = small_options();
  options.spans = {Span::Kind::kAnchor, Span::Kind::kControlOffset};
  dataset_ = {make_example(0, "first we add and take it q so it is nine. ", "so it is nine.")};
  const MemoryObserver observer = run(options);
  ASSERT_EQ(observer.units.size(), 2 * (1 + kControlOffsets.size()));
  for (const auto& [key, unit] : observer.units) {
    const bool is_sink =
        key.span_kind == "control_offset_-1";  // the token before the space before the anchor
    EXPECT_EQ(unit.sink, is_sink) << key.span_kind;
    EXPECT_EQ(unit.responses.size(), is_sink ? 0U : 4U);
    EXPECT_EQ(unit.note.find("sink") != std::string::npos, is_sink) << unit.note;
  }
  // An anchor's own push lands where it must, and the unit says so.
  dataset_ = {make_example(0, "first we add and take it qso it is nine. ", "so it is nine.")};
  options.spans = {Span::Kind::kAnchor};
  for (const auto& [key, unit] : run(options).units) {
    EXPECT_TRUE(unit.sink);
    EXPECT_EQ(unit.responses.size(), 4U);
  }
}

TEST_F(Sweeps, MaxExamplesTakesTheFirst) {
  SweepOptions options = small_options();
  options.max_examples = 2;
  EXPECT_EQ(plan_sweep(dataset_, tokenizer_, options).examples.size(), 2U);
}

TEST_F(Sweeps, EveryUnitOnce) {
  const MemoryObserver observer = run(small_options());
  ASSERT_EQ(observer.units.size(), 4U);
  EXPECT_EQ(observer.pushes, 4 * 2);
  for (const auto& [key, unit] : observer.units) {
    EXPECT_EQ(key.span_kind, "anchor");
    EXPECT_EQ(unit.responses.size(), 4U);
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

// The audit's bits neither: of a whole run, of one example alone, of a resumed run. And it changes no measurement.
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
  for (const size_t kept : {0U, 3U}) resumed.units[whole.order[kept]] = whole.units.at(whole.order[kept]);
  run_sweep(model_, plan, options, resumed, &exact);
  EXPECT_EQ(resumed.units, whole.units);
  for (auto [key, unit] : whole.units) {
    EXPECT_EQ(unit.audited, 1);
    EXPECT_LT(unit.audit_disagreement.value(), 1e-4);
    unit.audited = 0;
    unit.audit_disagreement = std::nullopt;
    EXPECT_EQ(unit, plain.units.at(key));
  }
}

TEST_F(Sweeps, ResumingRunsWhatIsMissing) {
  const SweepOptions options = small_options();
  const MemoryObserver whole = run(options);
  const SweepPlan plan = plan_sweep(dataset_, tokenizer_, options);
  MemoryObserver observer;
  const UnitKey kept = whole.order[1];
  observer.units[kept] = whole.units.at(kept);
  const auto left = [&] {
    return cost_of(model_.config(), plan, options,
                   [&](const UnitKey& key) { return observer.has_unit(key); });
  };
  const SweepCost cost = left();
  EXPECT_EQ(cost.pushes, 6);
  EXPECT_EQ(cost.units_left, 3);
  run_sweep(model_, plan, options, observer);
  EXPECT_EQ(observer.units, whole.units);
  EXPECT_EQ(observer.order.size(), 3U);
  EXPECT_EQ(observer.pushes, cost.pushes);
  EXPECT_DOUBLE_EQ(observer.flops, cost.push_work.total());
  EXPECT_EQ(left().flops(), 0);
  run_sweep(model_, plan, options, observer);
  EXPECT_EQ(observer.order.size(), 3U);
}

TEST_F(Sweeps, AnInterruptionLeavesFinishedUnits) {
  const SweepOptions options = small_options();
  const MemoryObserver whole = run(options);
  const SweepPlan plan = plan_sweep(dataset_, tokenizer_, options);
  MemoryObserver observer;
  observer.stop_after = 5;
  expect_error(ErrorCode::kInterrupted, {"interrupted"}, [&] { run_sweep(model_, plan, options, observer); });
  EXPECT_EQ(observer.units.size(), 2U);
  for (const auto& [key, unit] : observer.units) EXPECT_EQ(unit, whole.units.at(key));
  observer.stop_after = int64_t{1} << 40;
  run_sweep(model_, plan, options, observer);
  EXPECT_EQ(observer.units, whole.units);
}

// Directions and targets that are made of the transcripts' residuals: the same bits when resumed, other than isotropic ones, and what was
// counted and left out is handed over, sinks at least the first token of each measured transcript.
TEST_F(Sweeps, PushesMadeOfResidualsAreTheSameWhenResumed) {
  const MemoryObserver isotropic = run(small_options());
  std::vector<SweepOptions> all(5, small_options());
  all[0].pushes.family = DirectionFamily::kCovarianceDiagonal;
  all[1].pushes.family = DirectionFamily::kCovariance;
  all[2].pushes.family = DirectionFamily::kDifference;
  all[3].pushes.family = DirectionFamily::kPrincipal;
  all[4].pushes.kind = PushKind::kInterpolation;
  for (const SweepOptions& options : all) {
    const MemoryObserver whole = run(options);
    ASSERT_EQ(whole.residuals.size(), 2U);
    for (const auto& [layer, statistics] : whole.residuals) {
      EXPECT_GE(statistics.sinks, 2);
      EXPECT_EQ(statistics.tokens + statistics.sinks,
                static_cast<int64_t>(dataset_[0].transcript.size() + dataset_[2].transcript.size()));
    }
    MemoryObserver resumed;
    resumed.units[whole.order[2]] = whole.units.at(whole.order[2]);
    run_sweep(model_, plan_sweep(dataset_, tokenizer_, options), options, resumed);
    EXPECT_EQ(resumed.units, whole.units);
    for (const auto& [key, unit] : whole.units) {
      EXPECT_NE(unit.responses[1].kl, isotropic.units.at(key).responses[1].kl);
      EXPECT_EQ(unit.responses[0].cosine, std::nullopt);  // epsilon 0: nothing was pushed
      ASSERT_TRUE(unit.responses[1].cosine);
      EXPECT_LE(std::abs(*unit.responses[1].cosine), 1);
    }
  }
}

TEST_F(Sweeps, IsotropicDirectionsNeedNoResiduals) { EXPECT_TRUE(run(small_options()).residuals.empty()); }

TEST_F(Sweeps, TheResidualsPassCanBeInterrupted) {
  SweepOptions options = small_options();
  options.pushes.family = DirectionFamily::kDifference;
  MemoryObserver observer;
  observer.stop_after = 0;
  expect_error(ErrorCode::kInterrupted, {"interrupted"},
               [&] { run_sweep(model_, plan_sweep(dataset_, tokenizer_, options), options, observer); });
  EXPECT_TRUE(observer.residuals.empty());
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

TEST_F(Sweeps, IdentityChangesWithEveryOption) {
  const std::vector<std::function<void(SweepOptions&)>> changes{
      [](SweepOptions& o) { o.layers = {{1}}; },
      [](SweepOptions& o) { o.hook = Hook::kResidPre; },
      [](SweepOptions& o) { o.hook = Hook::kResidMid; },
      [](SweepOptions& o) {
        o.pushes.epsilons = {0, 0.1 + 0.2};
      },
      [](SweepOptions& o) {
        o.pushes.epsilons = {0, 0.3};
      },
      [](SweepOptions& o) { o.pushes.directions = 3; },
      [](SweepOptions& o) { o.pushes.null_directions = 3; },
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
      [](SweepOptions& o) { o.spans = {Span::Kind::kChunk}; },
      [](SweepOptions& o) {
        o.spans = {Span::Kind::kAnchor, Span::Kind::kControlWindow};
      },
      [](SweepOptions& o) { o.readout = ReadoutKind::kFollowing; },
      [](SweepOptions& o) { o.readout = ReadoutKind::kDownstream; },
      [](SweepOptions& o) {
        o.readout = {ReadoutKind::kDownstream, 8};
      },
      [](SweepOptions& o) { o.vocabulary = Vocabulary::kSampled; },
      [](SweepOptions& o) { o.temperature = 0.6; },
      [](SweepOptions& o) { o.bos = BosPolicy::kNever; },
      [](SweepOptions& o) { o.max_examples = 3; },
      [](SweepOptions& o) { o.audit = 2; },
      [](SweepOptions& o) { o.limits.memory /= 2; },
      [](SweepOptions& o) { o.limits.rows /= 2; }};
  std::set<std::string> hashes{sweep_identity(model_, small_options(), 1, "random").hash()};
  for (const auto& change : changes) {
    SweepOptions options = small_options();
    change(options);
    EXPECT_TRUE(hashes.insert(sweep_identity(model_, options, 1, "random").hash()).second);
  }
  EXPECT_TRUE(hashes.insert(sweep_identity(model_, small_options(), 2, "random").hash()).second) << "dataset";
  EXPECT_TRUE(hashes.insert(sweep_identity(model_, small_options(), 1, "file").hash()).second)
      << "direction file";
  EXPECT_TRUE(
      hashes.insert(sweep_identity(load_tiny("qwen2", *backend_), small_options(), 1, "random").hash())
          .second)
      << "model";
  const auto reference = make_reference_backend();
  EXPECT_TRUE(
      hashes.insert(sweep_identity(load_tiny("llama", *reference), small_options(), 1, "random").hash())
          .second)
      << "backend";
  EXPECT_FALSE(hashes.insert(sweep_identity(model_, small_options(), 1, "random").hash()).second);
}

}  // namespace
}  // namespace tugline::test
