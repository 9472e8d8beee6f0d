// Which spans a sweep takes, which it skips and why: anchors, chunks, controls, readouts.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <set>

#include "files/build_bytes.h"
#include "probe/shapes.h"
#include "probe/sweep_fixture.h"
#include "support/expect_error.h"
#include "tugline/probe/controls.h"
#include "tugline/probe/plan.h"

namespace tugline::test {
namespace {

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
    EXPECT_EQ(unit.measured.responses.size(), 4U);
    const std::string text = dataset_[0].transcript.substr(static_cast<size_t>(unit.span.begin),
                                                           static_cast<size_t>(unit.span.size()));
    EXPECT_EQ(unit.span_text, text);
    if (!key.span_kind.starts_with("control_offset")) {
      EXPECT_EQ(text.find("nine"), std::string::npos);
      EXPECT_EQ(unit.measured.position, unit.span.begin - 1);
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
      EXPECT_EQ(unit.measured.rows.front(), unit.span.end);
      EXPECT_EQ(unit.measured.rows.size(), static_cast<size_t>(most > 0 ? most : tokens - unit.span.end));
      EXPECT_EQ(unit.measured.position, unit.span.begin - 1);
      for (const ResponseRecord& response : unit.measured.responses)
        EXPECT_EQ(response.kl() > 0, response.epsilon > 0) << key.layer;
    }
  }
}

// A long readout's trace and base distributions count against the limit before anything is run, from
// whichever hook.
TEST_F(Sweeps, ReadoutsBeyondTheMemoryLimitAreRefused) {
  SweepOptions options = small_options();
  options.readout = ReadoutKind::kDownstream;
  options.layers = {{1}};
  std::string text;
  for (int i = 0; i < 200; ++i) text += "it is five. ";
  dataset_ = {make_example(0, "one is. two be. " + text, "two be.")};
  ModelConfig config = model_.config();
  config.max_positions = 0;  // as long as it takes
  int64_t last = 0;
  for (const Hook hook : {Hook::kResidPost, Hook::kResidMid, Hook::kResidPre}) {
    options.point = hook;
    const SweepPlan plan = plan_sweep(dataset_, tokenizer_, options);
    const ReplayRows rows = planned_rows(plan.examples[0], plan.examples[0].spans[0], options);
    const int64_t needed = span_bytes(config, rows, {{1}, hook}, options.vocabulary).held;
    EXPECT_GT(needed, last) << "an earlier hook has more above it";
    last = needed;
    options.limits.memory = needed;
    check_plan(config, plan, options);
    options.limits.memory = needed - 1;
    expect_error(ErrorCode::kUsage,
                 {"example 0", std::to_string(rows.count) + " rows", std::to_string(needed), "downstream:N"},
                 [&] { check_plan(config, plan, options); });
  }
}

TEST(SpanBytes, GrowWithTheSquareOfALongReadout) {
  const auto bytes = [](int64_t tokens) {
    const ReplayRows rows = replay_rows({5, 9}, ReadoutKind::kDownstream, tokens);
    return span_bytes(small_shape(), rows, {{0}, Hook::kResidPost}, Vocabulary::kExact).held;
  };
  EXPECT_GT(bytes(1960), 10 * bytes(196)) << "attention weights";
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
    EXPECT_EQ(unit.measured.responses.size(), is_sink ? 0U : 4U);
    EXPECT_EQ(unit.measured.note.find("sink") != std::string::npos, is_sink) << unit.measured.note;
  }
  // An anchor's own push lands where it must, and the unit says so.
  dataset_ = {make_example(0, "first we add and take it qso it is nine. ", "so it is nine.")};
  options.spans = {Span::Kind::kAnchor};
  for (const auto& [key, unit] : run(options).units) {
    EXPECT_TRUE(unit.sink);
    EXPECT_EQ(unit.measured.responses.size(), 4U);
  }
}

TEST_F(Sweeps, MaxExamplesTakesTheFirst) {
  SweepOptions options = small_options();
  options.max_examples = 1;
  const SweepPlan plan = plan_sweep(dataset_, tokenizer_, options);
  ASSERT_EQ(plan.examples.size(), 1U);
  EXPECT_EQ(plan.examples[0].example, dataset_.data());
}

// As the notebook counts: of the examples that have an anchor.
TEST_F(Sweeps, MaxExamplesCountsThoseWithAnAnchor) {
  SweepOptions options = small_options();
  dataset_ = {make_example(0, "no anchor here.", std::nullopt),
              make_example(1, "one is. two be. ten", "two be."),
              make_example(2, "none in here.", std::nullopt),
              make_example(3, "we add it. so it is five.", "so it is five.")};
  options.max_examples = 1;
  const SweepPlan plan = plan_sweep(dataset_, tokenizer_, options);
  ASSERT_EQ(plan.examples.size(), 2U);
  EXPECT_FALSE(plan.examples[0].skipped.empty());
  EXPECT_EQ(plan.examples[1].spans.size(), 1U);
  options.spans = {Span::Kind::kChunk};  // chunks need no anchor
  EXPECT_EQ(plan_sweep(dataset_, tokenizer_, options).examples.size(), 1U);
}

// Units of one example are told apart by chunk: two anchors in one chunk have numbers of their own all the
// same.
TEST_F(Sweeps, SeveralAnchorsAreSeveralSpans) {
  Example example = make_example(0, "one is and two be so. then it is ten. so", "two be");
  const AnchorText text{.cot = example.cot, .chunks = example.chunks};
  for (const char* sentence : {"it is ten.", "one is", "two be", "never said"})
    example.anchors.push_back(place_anchor(sentence, std::nullopt, text));
  dataset_ = {example};
  SweepOptions options = small_options();
  const SweepPlan plan = plan_sweep(dataset_, tokenizer_, options);
  ASSERT_EQ(plan.examples[0].spans.size(), 3U);
  EXPECT_EQ(plan.examples[0].spans[0].chunk, 0);
  EXPECT_EQ(plan.examples[0].spans[1].chunk, 1);
  EXPECT_EQ(plan.examples[0].spans[2].chunk, -3);
  ASSERT_EQ(plan.examples[0].skipped_spans.size(), 2U);
  EXPECT_NE(plan.examples[0].skipped_spans[0].reason.find("same tokens as an earlier one"),
            std::string::npos);
  EXPECT_NE(plan.examples[0].skipped_spans[1].reason.find("is not in the reasoning text"), std::string::npos);
  EXPECT_EQ(run(options).units.size(), 6U);
}

// A store has one row for each of these keys.
TEST_F(Sweeps, SkippedControlsOfSeveralAnchorsHaveKeysOfTheirOwn) {
  Example example = make_example(0, "one is and two be so. then it is ten. so", "never said");
  const AnchorText text{.cot = example.cot, .chunks = example.chunks};
  for (const char* sentence : {"it is ten.", "nor this", "one is"})
    example.anchors.push_back(place_anchor(sentence, std::nullopt, text));
  dataset_ = {example};
  SweepOptions options = small_options();
  options.spans.assign(std::begin(kControls), std::end(kControls));
  const SweepPlan plan = plan_sweep(dataset_, tokenizer_, options);
  std::set<std::pair<std::string, int64_t>> keys;
  std::map<std::string, int64_t> matched;
  for (const SkippedSpan& skipped : plan.examples[0].skipped_spans) {
    EXPECT_TRUE(keys.emplace(skipped.span_kind, skipped.chunk).second)
        << skipped.span_kind << " " << skipped.chunk << ": " << skipped.reason;
    if (skipped.span_kind == "control_matched") ++matched[skipped.reason];
  }
  EXPECT_EQ(matched.size(), 2U) << "two anchors are not in the text, for two there are too few sentences";
  for (const auto& [reason, count] : matched)
    EXPECT_EQ(count, reason.starts_with("There is no anchor") ? 2 : 2 * kMatchedControls) << reason;
}

}  // namespace
}  // namespace tugline::test
