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

SpanOutcome find_anchor(const SpanQuery& query, const AnchorQuery& anchor) {
  return find_anchor_span(query, anchor, tokenizer().encode(query.transcript, BosPolicy::kNever),
                          tokenizer());
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
  SpanQuery query_{.transcript = transcript_, .cot = cot_, .chunks = &chunks_};
  AnchorQuery anchor_{.sentence = "then I double it.", .place = ByteRange{29, 46}, .chunk = 2, .problem = {}};
};

TEST_F(Spans, AnchorIsTheTokensThatHoldItsEnds) {
  const SpanOutcome outcome = find_anchor(query_, anchor_);
  ASSERT_TRUE(outcome.span) << outcome.skipped;
  EXPECT_EQ(text_of(transcript_, outcome.span->tokens), " then I double it.\n");
  EXPECT_EQ(outcome.span->text, "then I double it.");
  EXPECT_EQ(outcome.span->kind, Span::Kind::kAnchor);
  EXPECT_EQ(outcome.span->chunk, 2);
  EXPECT_EQ(outcome.skipped, "");
}

TEST_F(Spans, CotMayHaveOtherWhiteSpaceAroundAndInIt) {
  const SpanOutcome plain = find_anchor(query_, anchor_);
  const auto plain_chunks = find_chunk_spans(query_, tokenizer().encode(transcript_, BosPolicy::kNever));
  for (const bool is_folded : {false, true}) {
    std::string cot = "\n  " + cot_ + " \n";
    if (is_folded) cot.replace(cot.find(".\nHalf"), 2, ". ");  // as long as before
    query_.cot = cot;
    std::vector<ByteRange> moved = chunks_;
    for (ByteRange& chunk : moved) chunk = {chunk.begin + 3, chunk.end + 3};
    query_.chunks = &moved;
    AnchorQuery anchor = anchor_;
    anchor.place = moved[2];
    const SpanOutcome outcome = find_anchor(query_, anchor);
    ASSERT_TRUE(outcome.span) << outcome.skipped;
    EXPECT_EQ(outcome.span->tokens, plain.span->tokens);
    const auto outcomes = find_chunk_spans(query_, tokenizer().encode(transcript_, BosPolicy::kNever));
    for (size_t i = 0; i < outcomes.size(); ++i) {
      ASSERT_TRUE(outcomes[i].span) << outcomes[i].skipped;
      EXPECT_EQ(outcomes[i].span->tokens, plain_chunks[i].span->tokens);
    }
  }
}

TEST_F(Spans, CotIsLookedForAfterThinkFirst) {
  const std::string transcript = "Repeat: " + cot_ + "<think>" + cot_;
  query_.transcript = transcript;
  const SpanOutcome outcome = find_anchor(query_, anchor_);
  ASSERT_TRUE(outcome.span);
  EXPECT_GT(outcome.span->tokens.begin, static_cast<int64_t>(cot_.size()));
}

TEST_F(Spans, WithoutAnAnchorSentenceIsSkipped) {
  EXPECT_EQ(
      find_anchor(query_,
                  {.sentence = {}, .place = std::nullopt, .chunk = -1, .problem = "There is no chunk 9"})
          .skipped,
      "There is no chunk 9.");
}

TEST_F(Spans, NoTokenBeforeItIsSkipped) {
  query_.transcript = query_.cot;
  anchor_ = {.sentence = "Let me see.", .place = ByteRange{0, 11}, .chunk = 0, .problem = {}};
  EXPECT_EQ(find_anchor(query_, anchor_).skipped,
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
  const SpanOutcome outcome =
      find_anchor(query_, {.sentence = "Let me see.", .place = ByteRange{0, 11}, .chunk = 0, .problem = {}});
  ASSERT_TRUE(outcome.span) << outcome.skipped;
  EXPECT_EQ(outcome.span->tokens, (TokenRange{20, 31}));
  EXPECT_EQ(outcome.span->chunk, 0);
}

TEST_F(Spans, FallbackFindsTheSentenceAfterASpaceToo) {
  std::string transcript = "<think>We see: then I double it. Done";
  query_.transcript = transcript;
  SpanOutcome outcome = find_anchor(query_, anchor_);
  ASSERT_TRUE(outcome.span) << outcome.skipped;
  EXPECT_EQ(text_of(transcript, outcome.span->tokens), " then I double it.");

  transcript = "<think>We see: I double it. Done";  // here the space is a token of its own
  query_.transcript = transcript;
  outcome = find_anchor(
      query_, {.sentence = "I double it.", .place = std::nullopt, .chunk = -1, .problem = "It is nowhere"});
  ASSERT_TRUE(outcome.span) << outcome.skipped;
  EXPECT_EQ(text_of(transcript, outcome.span->tokens), "I double it.");
}

TEST_F(Spans, WhatIsNotFoundSaysWhy) {
  const std::string no_ids = ", and the anchor's own token ids do not occur after <think>.";
  const AnchorQuery lost{.sentence = "This was never said.",
                         .place = std::nullopt,
                         .chunk = -1,
                         .problem = "The anchor is lost"};
  EXPECT_EQ(find_anchor(query_, lost).skipped, "The anchor is lost" + no_ids);
  query_.cot = "Another text.";
  anchor_ = {.sentence = "Another text.", .place = ByteRange{0, 13}, .chunk = 0, .problem = {}};
  EXPECT_EQ(find_anchor(query_, anchor_).skipped,
            "The reasoning text (cot) is not in the transcript" + no_ids);
  query_.transcript = "No marker here.";
  EXPECT_EQ(find_anchor(query_, anchor_).skipped,
            "The reasoning text (cot) is not in the transcript, and the transcript has no <think> to search "
            "behind.");
}

TEST_F(Spans, AChunkThatIsNotInCotKeepsItsNumber) {
  const std::vector<ByteRange> chunks{{0, 11}, {0, 0}, {29, 46}};
  query_.chunks = &chunks;
  const auto outcomes = find_chunk_spans(query_, tokenizer().encode(transcript_, BosPolicy::kNever));
  ASSERT_EQ(outcomes.size(), 3);
  EXPECT_NE(outcomes[1].skipped.find("is not in the reasoning text"), std::string::npos);
  ASSERT_TRUE(outcomes[2].span);
  EXPECT_EQ(outcomes[2].span->chunk, 2);
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
  EXPECT_EQ(find_anchor_span(query_, anchor_, cut, tokenizer()).skipped,
            "The anchor sentence is not covered by the transcript's tokens.");
  EXPECT_EQ(find_chunk_spans(query_, cut).at(3).skipped,
            "The chunk is not covered by the transcript's tokens.");
}

}  // namespace
}  // namespace tugline
