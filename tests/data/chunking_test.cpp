#include "tugline/data/chunking.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <string>
#include <vector>

namespace tugline {
namespace {

using Texts = std::vector<std::string>;

Texts chunk_texts(std::string_view cot) {
  Texts texts;
  for (const ByteRange& chunk : split_chunks(cot)) texts.emplace_back(cot.substr(chunk.begin, chunk.size()));
  return texts;
}

TEST(Chunking, SplitsAfterSentenceEnds) {
  EXPECT_EQ(chunk_texts("Okay, let me see. Is it seven? It has to be!\nNow the rest. And"),
            (Texts{"Okay, let me see.", "Is it seven?", "It has to be!", "Now the rest."}));
}

TEST(Chunking, SplitsAtBlankLinesOnly) {
  EXPECT_EQ(chunk_texts("The equations are\nx + y = 10,\n\nx - y = 40\n\n\n\nso x is 7. "),
            (Texts{"The equations are\nx + y = 10,", "x - y = 40", "so x is 7."}));
  EXPECT_EQ(chunk_texts("The first line\r\n\r\nthe second line\r\n\r\nrest"),
            (Texts{"The first line", "the second line"}));
}

// The annotations stop before what no boundary follows, finished or not.
TEST(Chunking, TextAfterTheLastBoundaryIsNoChunk) {
  EXPECT_EQ(chunk_texts("This one counts. This one is the last."), Texts{"This one counts."});
  EXPECT_EQ(chunk_texts("No boundary at all"), Texts{});
  EXPECT_EQ(chunk_texts(""), Texts{});
  EXPECT_EQ(chunk_texts(" \n\n \n\n"), Texts{});
}

TEST(Chunking, PunctuationInsideAWordEndsNothing) {
  EXPECT_EQ(chunk_texts("That gives 3.5 metres, so f(4!) is \\boxed{24}.) or \"done.\" after all. Next"),
            Texts{"That gives 3.5 metres, so f(4!) is \\boxed{24}.) or \"done.\" after all."});
  EXPECT_EQ(chunk_texts("The answer is \\boxed{12}. So"), Texts{"The answer is \\boxed{12}."});
  EXPECT_EQ(chunk_texts("Let me think about it... Twelve it is?! "),
            (Texts{"Let me think about it...", "Twelve it is?!"}));
}

// As in the annotated files: an abbreviation before a space ends a chunk.
TEST(Chunking, KnowsNoAbbreviations) {
  EXPECT_EQ(chunk_texts("Take a small case, e.g. n = 3 first. "),
            (Texts{"Take a small case, e.g.", "n = 3 first."}));
}

TEST(Chunking, ShortPiecesJoinTheNext) {
  EXPECT_EQ(chunk_texts("1. Find the area first. 2. Halve it afterwards. "),
            (Texts{"1. Find the area first.", "2. Halve it afterwards."}));
  EXPECT_EQ(chunk_texts("Hmm. No. Well, let me see. "), Texts{"Hmm. No. Well, let me see."});
  EXPECT_EQ(chunk_texts("Hmm, okay. That is ten characters. "),
            (Texts{"Hmm, okay.", "That is ten characters."}));
}

// The annotations join pieces with one space before they take a length, whatever stands between the pieces
// here.
TEST(Chunking, JoinedLengthsHaveOneSpace) {
  EXPECT_EQ(chunk_texts("Wait.\n\nNo.\n\nLet me redo it from the start. So"),
            (Texts{"Wait.\n\nNo.\n\nLet me redo it from the start."}));
  EXPECT_EQ(chunk_texts("Wait.\n\n\n\n\nYes. Then the next one. "),
            (Texts{"Wait.\n\n\n\n\nYes.", "Then the next one."}));
}

TEST(Chunking, OnlyASpaceOrALineFeedEndsASentence) {
  EXPECT_EQ(
      chunk_texts("First it is twelve.\tSo we add it. It is twelve.\rNow we add it.\u00a0Done here. So"),
      (Texts{"First it is twelve.\tSo we add it.", "It is twelve.\rNow we add it.\u00a0Done here."}));
}

// As Python's str.strip() does.
TEST(Chunking, WhiteSpaceAroundAChunkIsUnicodes) {
  EXPECT_EQ(chunk_texts("\u00a0\u3000Here it begins. \u2003Here it goes on\u00a0\n\nrest"),
            (Texts{"Here it begins.", "Here it goes on"}));
  EXPECT_EQ(chunk_texts("Nine to n.\u00a0\n\n\u00a0\n\nThen the next one. "),
            (Texts{"Nine to n.", "Then the next one."}));
}

TEST(Chunking, AShortLastPieceJoinsItsPredecessor) {
  EXPECT_EQ(chunk_texts("It takes 23.333... years. So"), Texts{"It takes 23.333... years."});
  EXPECT_EQ(chunk_texts("Yes. "), Texts{"Yes."});
}

// Nine characters, though more bytes.
TEST(Chunking, LengthsAreCharactersNotBytes) {
  EXPECT_EQ(chunk_texts("πππππππππ. Then the next one. "), (Texts{"πππππππππ.", "Then the next one."}));
  EXPECT_EQ(chunk_texts("ππππππππ. Then the next one. "), Texts{"ππππππππ. Then the next one."});
}

bool is_space(char c) { return std::string_view(" \n\r\t\v\f").find(c) != std::string_view::npos; }

// Texts from an alphabet that is dense in boundaries.
rc::Gen<std::string> any_text() {
  return rc::gen::container<std::string>(
      rc::gen::element('a', 'b', '.', '.', '!', '?', ' ', ' ', '\n', '\n', '\r', '\t', '\xCF', '\x80'));
}

RC_GTEST_PROP(ChunkingProperty, ChunksAreOrderedInsideAndTrimmed, ()) {
  const std::string text = *any_text();
  int64_t previous_end = 0;
  for (const ByteRange& chunk : split_chunks(text)) {
    RC_ASSERT(chunk.begin >= previous_end);
    RC_ASSERT(chunk.size() > 0);
    RC_ASSERT(chunk.end <= static_cast<int64_t>(text.size()));
    RC_ASSERT(!is_space(text[chunk.begin]));
    RC_ASSERT(!is_space(text[chunk.end - 1]));
    previous_end = chunk.end;
  }
}

// Nothing is lost: between chunks there is white space only.
RC_GTEST_PROP(ChunkingProperty, OnlyWhiteSpaceBetweenChunks, ()) {
  const std::string text = *any_text();
  int64_t previous_end = 0;
  for (const ByteRange& chunk : split_chunks(text)) {
    for (int64_t i = previous_end; i < chunk.begin; ++i) RC_ASSERT(is_space(text[i]));
    previous_end = chunk.end;
  }
}

// The beginning of a text numbers its chunks the same whatever follows, but for the last one, which a short
// piece may still join.
RC_GTEST_PROP(ChunkingProperty, NumbersDoNotDependOnWhatFollows, ()) {
  const std::string text = *any_text();
  const std::string more = *any_text();
  std::vector<ByteRange> prefix = split_chunks(text);
  const std::vector<ByteRange> whole = split_chunks(text + more);
  if (!prefix.empty()) prefix.pop_back();
  RC_ASSERT(prefix.size() <= whole.size());
  for (size_t i = 0; i + 1 < prefix.size(); ++i) RC_ASSERT(prefix[i] == whole[i]);
}

// Long and dense in boundaries: quadratic time would show as minutes.
TEST(Chunking, LongTextsTakeLinearTime) {
  std::string text;
  for (int i = 0; i < 1'000'000; ++i) text += "a. ";
  EXPECT_EQ(split_chunks(text).size(), 250'000);  // "a. a. a. a." has eleven characters
  EXPECT_EQ(split_chunks(std::string(3'000'000, '\n')).size(), 0);
}

}  // namespace
}  // namespace tugline
