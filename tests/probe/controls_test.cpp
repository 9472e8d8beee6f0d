// Controls found from the text alone: which sentences, windows and moved pushes an anchor is compared with.
#include "tugline/probe/controls.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cmath>
#include <set>

namespace tugline::test {
namespace {

// A transcript of one token a byte, with chunks at the given tokens.
struct Text {
  std::string transcript;
  Encoding encoding;
  std::vector<SpanOutcome> chunks;
  Span anchor;
  std::vector<TokenRange> anchors;
  int64_t ordinal = 0;

  Text(int64_t tokens, TokenRange anchor_tokens, const std::vector<TokenRange>& chunk_tokens) {
    for (int64_t i = 0; i < tokens; ++i) {
      transcript += static_cast<char>('a' + i % 26);
      encoding.ids.push_back(static_cast<int32_t>(i % 26));
      encoding.offsets.push_back({i, i + 1});
    }
    anchor = {.kind = Span::Kind::kAnchor, .chunk = 1, .tokens = anchor_tokens, .text = "anchor"};
    anchors = {anchor_tokens};
    for (size_t i = 0; i < chunk_tokens.size(); ++i) {
      const Span span{.kind = Span::Kind::kChunk,
                      .chunk = static_cast<int64_t>(i),
                      .tokens = chunk_tokens[i],
                      .text = "chunk " + std::to_string(i)};
      chunks.push_back({span, ""});
    }
  }
  [[nodiscard]] ControlQuery query(uint64_t seed = 42, ReadoutKind readout = ReadoutKind::kPredicting,
                                   PushAt at = PushAt::kBefore) const {
    return {.anchor = anchor,
            .anchors = anchors,
            .ordinal = ordinal,
            .chunks = chunks,
            .encoding = encoding,
            .transcript = transcript,
            .seed = seed,
            .example_hash = 7,
            .readout = readout,
            .at = at};
  }
};

TEST(MatchDistance, IsOfLengthAndPlace) {
  EXPECT_EQ(match_distance({10, 20}, {10, 20}, 100), 0);
  EXPECT_DOUBLE_EQ(match_distance({10, 20}, {40, 50}, 100), 0.3);
  EXPECT_DOUBLE_EQ(match_distance({10, 20}, {10, 30}, 100), std::log(2.0));
  EXPECT_DOUBLE_EQ(match_distance({10, 20}, {30, 35}, 100), std::log(2.0) + 0.2);
  EXPECT_DOUBLE_EQ(match_distance({10, 20}, {30, 35}, 100), match_distance({30, 35}, {10, 20}, 100));
}

TEST(MatchedControls, AreTheNearestOtherSentences) {
  // The anchor itself, one that shares a token with it, one at the first tokens: none of them can be a
  // control.
  const Text text(100, {20, 30}, {{1, 11}, {20, 30}, {29, 39}, {40, 50}, {50, 54}, {60, 71}, {75, 86}});
  const std::vector<Control> controls = matched_controls(text.query());
  ASSERT_EQ(controls.size(), 3U);
  const std::vector<int64_t> chunks{3, 5,
                                    6};  // 0.2, ln 1.1 + 0.4, ln 1.1 + 0.55; chunk 4 is ln 2.5 + 0.3 away
  for (size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(controls[i].skipped, "");
    EXPECT_EQ(controls[i].span.chunk, chunks[i]);
    EXPECT_EQ(kind_name(controls[i].span.kind), "control_matched");
    EXPECT_EQ(controls[i].span.text, "chunk " + std::to_string(chunks[i]));
  }
}

TEST(MatchedControls, SayWhatIsMissing) {
  const Text text(100, {20, 30}, {{20, 30}, {40, 50}});
  const std::vector<Control> controls = matched_controls(text.query());
  ASSERT_EQ(controls.size(), 3U);
  EXPECT_EQ(controls[0].skipped, "");
  std::set<int64_t> keys;
  for (size_t i = 1; i < 3; ++i) {
    EXPECT_NE(controls[i].skipped.find("1 of the 3"), std::string::npos) << controls[i].skipped;
    EXPECT_TRUE(keys.insert(controls[i].span.chunk).second);
  }
}

TEST(WindowControls, TextIsTheWindows) {
  const Text text(60, {20, 26}, {{10, 40}});
  for (const Control& control : window_controls(text.query())) {
    ASSERT_EQ(control.skipped, "");
    EXPECT_EQ(control.span.text, text.transcript.substr(static_cast<size_t>(control.span.tokens.begin), 6));
  }
}

TEST(WindowControls, SeedAndExampleDecide) {
  const Text text(2000, {500, 520}, {{100, 1900}});
  const auto begins = [&](ControlQuery query) {
    std::vector<int64_t> found;
    for (const Control& control : window_controls(query)) found.push_back(control.span.tokens.begin);
    return found;
  };
  EXPECT_EQ(begins(text.query(1)), begins(text.query(1)));
  EXPECT_NE(begins(text.query(1)), begins(text.query(2)));
  ControlQuery other = text.query(1);
  other.example_hash = 8;
  EXPECT_NE(begins(text.query(1)), begins(other));
}

TEST(WindowControls, SayWhatIsMissing) {
  const Text text(16, {2, 12}, {});
  const std::vector<Control> controls = window_controls(text.query());
  ASSERT_EQ(controls.size(), 3U);
  for (const Control& control : controls) EXPECT_NE(control.skipped.find("0 of the 3"), std::string::npos);
}

RC_GTEST_PROP(WindowControls, KeepToTheRules, ()) {
  const auto tokens = *rc::gen::inRange<int64_t>(5, 120);
  const auto begin = *rc::gen::inRange<int64_t>(1, tokens - 1);
  const auto length = *rc::gen::inRange<int64_t>(1, tokens - begin);
  const auto first = *rc::gen::inRange<int64_t>(0, begin + 1);
  const Text text(tokens, {begin, begin + length}, {{first, tokens}});
  std::set<int64_t> begins;
  int64_t possible = 0;
  for (int64_t b = std::max<int64_t>(2, first); b + length <= tokens; ++b)
    possible += b + length <= begin || b >= begin + length ? 1 : 0;
  for (const Control& control : window_controls(text.query())) {
    if (!control.skipped.empty()) continue;
    const TokenRange window = control.span.tokens;
    RC_ASSERT(window.size() == length);
    RC_ASSERT(window.begin >= std::max<int64_t>(2, first));
    RC_ASSERT(window.end <= tokens);
    RC_ASSERT(window.end <= begin || window.begin >= begin + length);
    RC_ASSERT(begins.insert(window.begin).second);
  }
  RC_ASSERT(static_cast<int64_t>(begins.size()) == std::min(kWindowControls, possible));
}

TEST(OffsetControls, AreTheAnchorWithItsPushMoved) {
  const Text text(100, {20, 30}, {});
  const std::vector<Control> controls = offset_controls(text.query());
  ASSERT_EQ(controls.size(), kControlOffsets.size());
  for (size_t i = 0; i < controls.size(); ++i) {
    EXPECT_EQ(controls[i].skipped, "");
    EXPECT_EQ(controls[i].span.tokens, text.anchor.tokens);
    EXPECT_EQ(controls[i].span.chunk, text.anchor.chunk);
    EXPECT_EQ(controls[i].span.offset, kControlOffsets[i]);
  }
  EXPECT_EQ(kind_name(controls.front().span.kind, controls.front().span.offset), "control_offset_-8");
  EXPECT_EQ(kind_name(controls.back().span.kind, controls.back().span.offset), "control_offset_+4");
}

// What is planned can be replayed, and what is skipped could not be, or would land on the first token.
RC_GTEST_PROP(OffsetControls, AreThoseThatReachARow, ()) {
  const auto begin = *rc::gen::inRange<int64_t>(1, 20);
  const auto length = *rc::gen::inRange<int64_t>(1, 8);
  const int64_t tokens = begin + length + *rc::gen::inRange<int64_t>(1, 12);
  const auto readout =
      *rc::gen::element(ReadoutKind::kPredicting, ReadoutKind::kFollowing, ReadoutKind::kDownstream);
  const auto at = *rc::gen::element(PushAt::kBefore, PushAt::kFirst, PushAt::kLast, PushAt::kEvery);
  const TokenRange span{begin, begin + length};
  const Text text(tokens, span, {});
  for (const Control& control : offset_controls(text.query(42, readout, at))) {
    const int64_t site = landing(span, at).begin + control.span.offset;
    const int64_t behind = landing(span, at).end + control.span.offset;
    const TokenRange read = readout_positions(span, readout, tokens);
    RC_ASSERT(control.skipped.empty() == (site >= 1 && site < read.end && behind <= tokens));
    if (!control.skipped.empty()) continue;
    const ReplayRows rows = replay_rows(span, readout, tokens, {.at = at, .offset = control.span.offset});
    RC_ASSERT(rows.push.value == site);
    // The readout is the anchor's, whatever the offset.
    RC_ASSERT((rows.readout() == read));
    RC_ASSERT(rows.unmoved + rows.read() == rows.readout().size());
    RC_ASSERT(rows.first_read == 0 || rows.unmoved == 0);
  }
}

// In an example with several anchors, a control shares no token with any, and each anchor's windows have
// numbers of their own.
TEST(Controls, OfOneAnchorAvoidTheOthers) {
  Text text(60, {20, 24}, {{5, 9}, {20, 24}, {30, 34}, {40, 44}, {50, 54}});
  text.anchors.push_back({40, 44});
  text.ordinal = 1;
  for (const Control& control : matched_controls(text.query())) {
    EXPECT_TRUE(control.skipped.empty());
    EXPECT_NE(control.span.chunk, 3);
  }
  int64_t number = kWindowControls;
  for (const Control& control : window_controls(text.query())) {
    EXPECT_EQ(control.span.chunk, number++);
    EXPECT_TRUE(control.span.tokens.end <= 40 || control.span.tokens.begin >= 44);
  }
}

}  // namespace
}  // namespace tugline::test
