#include "tugline/text/spans.h"

#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#include "support/temporary_folder.h"

namespace tugline {
namespace {

using nlohmann::json;

// One token a byte of printable ASCII, space and line break; and two merges, " t" and ".\n", so that tokens
// reach over a sentence's ends as real ones do.
json letter_tokenizer() {
  json vocab;
  for (char c = '!'; c <= '~'; ++c) vocab[std::string(1, c)] = c;
  vocab["Ġ"] = ' ';
  vocab["Ċ"] = '\n';
  vocab["Ġt"] = 200;
  vocab[".Ċ"] = 201;
  return {
      {"added_tokens", json::array()},
      {"normalizer", nullptr},
      {"pre_tokenizer",
       {{"type", "ByteLevel"}, {"add_prefix_space", false}, {"trim_offsets", true}, {"use_regex", false}}},
      {"post_processor", nullptr},
      {"decoder", {{"type", "ByteLevel"}}},
      {"model", {{"type", "BPE"}, {"vocab", vocab}, {"merges", {"Ġ t", ". Ċ"}}}}};
}

const Tokenizer& tokenizer() {
  static const Tokenizer made = [] {
    const TemporaryFolder folder;
    std::ofstream(folder / "tokenizer.json") << letter_tokenizer();
    return Tokenizer::from_json_file(folder / "tokenizer.json");
  }();
  return made;
}

SpanOutcome find_anchor(const SpanQuery& query) {
  return find_anchor_span(query, tokenizer().encode(query.transcript, BosPolicy::kNever), tokenizer());
}

// The bytes that a span's tokens hold.
std::string text_of(std::string_view transcript, TokenRange tokens) {
  const Encoding encoding = tokenizer().encode(transcript, BosPolicy::kNever);
  const int64_t begin = encoding.offsets.at(tokens.begin).begin;
  return std::string(transcript.substr(begin, encoding.offsets.at(tokens.end - 1).end - begin));
}

// Offsets as a tokenizer with a BOS gives them, with a two-byte character in two tokens that both report all
// of it.
const Encoding kEncoding{.ids = {9, 1, 2, 3, 4, 5},
                         .offsets = {{0, 0}, {0, 4}, {4, 7}, {7, 9}, {7, 9}, {9, 12}}};

TEST(TokensHolding, FromTheFirstByteToTheLast) {
  EXPECT_EQ(tokens_holding(kEncoding, {0, 4}), (TokenRange{1, 2}));
  EXPECT_EQ(tokens_holding(kEncoding, {3, 5}), (TokenRange{1, 3}));
  EXPECT_EQ(tokens_holding(kEncoding, {5, 6}), (TokenRange{2, 3}));
  EXPECT_EQ(tokens_holding(kEncoding, {7, 9}), (TokenRange{3, 5}));
  EXPECT_EQ(tokens_holding(kEncoding, {0, 12}), (TokenRange{1, 6}));
}

TEST(TokensHolding, NothingForEmptyOrUncoveredRanges) {
  EXPECT_EQ(tokens_holding(kEncoding, {3, 3}), std::nullopt);
  EXPECT_EQ(tokens_holding(kEncoding, {4, 3}), std::nullopt);
  EXPECT_EQ(tokens_holding(kEncoding, {10, 13}), std::nullopt);
  EXPECT_EQ(tokens_holding(kEncoding, {12, 13}), std::nullopt);
  EXPECT_EQ(tokens_holding({}, {0, 1}), std::nullopt);
  const Encoding gap{.ids = {1, 2}, .offsets = {{0, 2}, {5, 7}}};
  EXPECT_EQ(tokens_holding(gap, {3, 6}), std::nullopt);
  EXPECT_EQ(tokens_holding(gap, {1, 4}), std::nullopt);
  EXPECT_EQ(tokens_holding(gap, {3, 4}), std::nullopt);
  EXPECT_EQ(tokens_holding(gap, {1, 6}), (TokenRange{0, 2}));
}

class Spans : public testing::Test {
 protected:
  const std::string cot_ = "Let me see.\nHalf of it is 5. then I double it.\nHalf of it is 5. So ten.";
  const std::string transcript_ = "Q: what?<think>\n" + cot_ + "</think>";
  const std::vector<ByteRange> chunks_{{0, 11}, {12, 28}, {29, 46}, {47, 63}};
  SpanQuery query_{.transcript = transcript_,
                   .cot = cot_,
                   .anchor_sentence = "then I double it.",
                   .anchor_index = std::nullopt,
                   .chunks = &chunks_};
};

TEST_F(Spans, AnchorIsTheTokensThatHoldItsEnds) {
  const SpanOutcome outcome = find_anchor(query_);
  ASSERT_TRUE(outcome.span) << outcome.skipped;
  EXPECT_EQ(text_of(transcript_, outcome.span->tokens), " then I double it.\n");
  EXPECT_EQ(outcome.span->text, "then I double it.");
  EXPECT_EQ(outcome.span->kind, Span::Kind::kAnchor);
  EXPECT_EQ(outcome.span->chunk, 2);
  EXPECT_EQ(outcome.skipped, "");
}

TEST_F(Spans, AnchorIndexChoosesAmongOccurrences) {
  query_.anchor_sentence = "Half of it is 5.";
  const SpanOutcome first = find_anchor(query_);
  query_.anchor_index = 3;
  const SpanOutcome second = find_anchor(query_);
  ASSERT_TRUE(first.span && second.span);
  EXPECT_EQ(first.span->chunk, 1);
  EXPECT_EQ(second.span->chunk, 3);
  EXPECT_EQ(second.span->tokens.begin - first.span->tokens.begin, 47 - 12 - 2);  // two merges between them
}

TEST_F(Spans, AnchorIndexThatIsNoOccurrenceIsSkipped) {
  query_.anchor_sentence = "Half of it is 5.";
  for (const int64_t index : {0, 2, 4, 1'000'000}) {
    query_.anchor_index = index;
    const SpanOutcome outcome = find_anchor(query_);
    EXPECT_FALSE(outcome.span);
    EXPECT_NE(outcome.skipped.find("occurs 2 times, none of them in chunk"), std::string::npos)
        << outcome.skipped;
  }
}

// Where the sentence is there once, that is where it is, whatever its number says.
TEST_F(Spans, AnchorIndexIsNotNeededForASingleOccurrence) {
  query_.anchor_index = 0;
  const SpanOutcome outcome = find_anchor(query_);
  ASSERT_TRUE(outcome.span);
  EXPECT_EQ(outcome.span->chunk, 2);
}

TEST_F(Spans, CotIsLookedForAfterThinkFirst) {
  const std::string transcript = "Repeat: " + cot_ + "<think>" + cot_;
  query_.transcript = transcript;
  const SpanOutcome outcome = find_anchor(query_);
  ASSERT_TRUE(outcome.span);
  EXPECT_GT(outcome.span->tokens.begin, static_cast<int64_t>(cot_.size()));
}

TEST_F(Spans, WithoutAnAnchorSentenceIsSkipped) {
  for (const std::optional<std::string_view> missing : {std::optional<std::string_view>(), {""}, {" \n"}}) {
    query_.anchor_sentence = missing;
    EXPECT_EQ(find_anchor(query_).skipped, "The example has no anchor sentence (thought_anchor_sentence).");
  }
}

TEST_F(Spans, NoTokenBeforeItIsSkipped) {
  query_.transcript = query_.cot;
  query_.anchor_sentence = "Let me see.";
  EXPECT_EQ(find_anchor(query_).skipped,
            "The span begins at the first token: there is no token before it to push.");
  const auto outcomes = find_chunk_spans(query_, tokenizer().encode(query_.transcript, BosPolicy::kNever));
  EXPECT_EQ(outcomes.at(0).skipped,
            "The span begins at the first token: there is no token before it to push.");
  EXPECT_TRUE(outcomes.at(1).span);
}

// The reasoning text was edited, so that only the sentence's own ids can place it; in the transcript it
// follows a line break.
TEST_F(Spans, OwnIdsAfterThinkAreTheFallback) {
  const std::string transcript = "Let me see. <think>\nLet me see. Then more.";
  query_.transcript = transcript;
  query_.anchor_sentence = "Let me see.";
  query_.anchor_index = 0;
  const SpanOutcome outcome = find_anchor(query_);
  ASSERT_TRUE(outcome.span) << outcome.skipped;
  EXPECT_EQ(outcome.span->tokens, (TokenRange{20, 31}));
  EXPECT_EQ(outcome.span->chunk, 0);
}

TEST_F(Spans, FallbackFindsTheSentenceAfterASpaceToo) {
  std::string transcript = "<think>We see: then I double it. Done";
  query_.transcript = transcript;
  SpanOutcome outcome = find_anchor(query_);
  ASSERT_TRUE(outcome.span) << outcome.skipped;
  EXPECT_EQ(text_of(transcript, outcome.span->tokens), " then I double it.");

  transcript = "<think>We see: I double it. Done";  // here the space is a token of its own
  query_.transcript = transcript;
  query_.anchor_sentence = "I double it.";
  outcome = find_anchor(query_);
  ASSERT_TRUE(outcome.span) << outcome.skipped;
  EXPECT_EQ(text_of(transcript, outcome.span->tokens), "I double it.");
}

TEST_F(Spans, WhatIsNotFoundSaysWhy) {
  const std::string no_ids = ", and the anchor's own token ids do not occur after <think>.";
  query_.anchor_sentence = "This was never said.";
  EXPECT_EQ(find_anchor(query_).skipped, "The anchor sentence is not in the reasoning text (cot)" + no_ids);
  query_.cot = "Another text.";
  EXPECT_EQ(find_anchor(query_).skipped, "The reasoning text (cot) is not in the transcript" + no_ids);
  query_.transcript = "No marker here.";
  EXPECT_EQ(find_anchor(query_).skipped,
            "The reasoning text (cot) is not in the transcript, and the transcript has no <think> to search "
            "behind.");
}

TEST_F(Spans, OneOutcomeAChunk) {
  const Encoding encoding = tokenizer().encode(transcript_, BosPolicy::kNever);
  const auto outcomes = find_chunk_spans(query_, encoding);
  ASSERT_EQ(outcomes.size(), 4);
  const std::vector<std::string> held{"Let me see.\n", "Half of it is 5.", " then I double it.\n",
                                      "Half of it is 5."};
  for (size_t i = 0; i < outcomes.size(); ++i) {
    ASSERT_TRUE(outcomes[i].span) << outcomes[i].skipped;
    EXPECT_EQ(outcomes[i].span->kind, Span::Kind::kChunk);
    EXPECT_EQ(outcomes[i].span->chunk, static_cast<int64_t>(i));
    EXPECT_EQ(text_of(transcript_, outcomes[i].span->tokens), held[i]);
  }
}

TEST_F(Spans, ChunksOfAnotherTextAreSkipped) {
  query_.transcript = "Q: what?<think>\nSomething else.";
  for (const SpanOutcome& outcome :
       find_chunk_spans(query_, tokenizer().encode(query_.transcript, BosPolicy::kNever))) {
    EXPECT_EQ(outcome.skipped, "The reasoning text (cot) is not in the transcript.");
  }
  EXPECT_EQ(find_chunk_spans(query_, {}).size(), 4);
  query_.chunks = nullptr;
  EXPECT_TRUE(find_chunk_spans(query_, {}).empty());
}

TEST_F(Spans, TokensThatEndEarlyAreSaid) {
  Encoding cut = tokenizer().encode(transcript_, BosPolicy::kNever);
  cut.ids.resize(30);
  cut.offsets.resize(30);
  EXPECT_EQ(find_anchor_span(query_, cut, tokenizer()).skipped,
            "The anchor sentence is not covered by the transcript's tokens.");
  EXPECT_EQ(find_chunk_spans(query_, cut).at(3).skipped,
            "The chunk is not covered by the transcript's tokens.");
}

}  // namespace
}  // namespace tugline
