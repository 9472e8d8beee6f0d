#include "tugline/text/bpe.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <map>
#include <optional>

#include "support/expect_error.h"
#include "tugline/text/byte_level.h"

namespace tugline {
namespace {

using Merges = std::vector<std::pair<std::string, std::string>>;

// All bytes at ids 0 to 255, then what the merges make, in order.
BpeVocabulary vocabulary_of(const Merges& merges) {
  BpeVocabulary out;
  for (int32_t byte = 0; byte < 256; ++byte) {
    out.tokens.emplace_back(to_byte_level(std::string(1, static_cast<char>(byte))), byte);
  }
  std::map<std::string, bool> made;
  for (const auto& [left, right] : merges) {
    if (made.emplace(left + right, true).second) {
      out.tokens.emplace_back(left + right, static_cast<int32_t>(out.tokens.size()));
    }
  }
  out.merges = merges;
  return out;
}

std::vector<int32_t> ids_of(const Bpe& bpe, std::string_view piece) {
  std::vector<PieceToken> tokens;
  bpe.encode(piece, tokens);
  std::vector<int32_t> ids;
  uint32_t covered = 0;
  for (const PieceToken& token : tokens) {
    EXPECT_EQ(token.begin, covered);
    covered = token.end;
    ids.push_back(token.id);
  }
  EXPECT_EQ(covered, piece.size());
  return ids;
}

// Byte-pair merging as it is defined: find the best pair anywhere, leftmost among equals, merge it, begin
// again.
std::vector<std::string> plain_merge(const Merges& merges, std::string_view piece) {
  std::vector<std::string> parts;
  for (const char c : piece) parts.emplace_back(1, c);
  while (true) {
    std::optional<size_t> best_rank, best_at;
    for (size_t i = 0; i + 1 < parts.size(); ++i) {
      for (size_t rank = 0; rank < best_rank.value_or(merges.size()); ++rank) {
        if (merges[rank] == std::pair(parts[i], parts[i + 1])) best_rank = rank, best_at = i;
      }
    }
    if (!best_at) return parts;
    parts[*best_at] += parts[*best_at + 1];
    parts.erase(parts.begin() + static_cast<std::ptrdiff_t>(*best_at) + 1);
  }
}

// Random merges over {a, b, c}, each of two tokens that are there before it.
rc::Gen<Merges> random_merges() {
  return rc::gen::map(
      rc::gen::container<std::vector<std::pair<uint8_t, uint8_t>>>(
          rc::gen::arbitrary<std::pair<uint8_t, uint8_t>>()),
      [](const std::vector<std::pair<uint8_t, uint8_t>>& choices) {
        std::vector<std::string> tokens = {"a", "b", "c"};
        std::map<std::pair<std::string, std::string>, bool> seen;
        Merges merges;
        for (const auto& [i, j] : choices) {
          const std::pair merge(tokens[i % tokens.size()], tokens[j % tokens.size()]);
          if (merge.first.size() + merge.second.size() > 12 || !seen.emplace(merge, true).second) continue;
          merges.push_back(merge);
          tokens.push_back(merge.first + merge.second);
        }
        return merges;
      });
}

RC_GTEST_PROP(Bpe, EqualsThePlainLoop, ()) {
  const Merges merges = *random_merges();
  const auto piece = *rc::gen::container<std::string>(rc::gen::element('a', 'b', 'c'));
  const Bpe bpe(vocabulary_of(merges), "test");
  std::vector<int32_t> expected;
  for (const std::string& part : plain_merge(merges, piece)) expected.push_back(bpe.ids().at(part));
  RC_ASSERT(ids_of(bpe, piece) == expected);
}

TEST(Bpe, LowestRankFirstLeftmostAmongEquals) {
  const Bpe bpe(vocabulary_of({{"a", "a"}, {"a", "b"}, {"aa", "aa"}}), "test");
  EXPECT_EQ(ids_of(bpe, "aaa"), (std::vector<int32_t>{256, 'a'}));
  EXPECT_EQ(ids_of(bpe, "aab"), (std::vector<int32_t>{256, 'b'}));
  EXPECT_EQ(ids_of(bpe, "aaaaa"), (std::vector<int32_t>{258, 'a'}));
  EXPECT_EQ(ids_of(bpe, ""), std::vector<int32_t>{});
}

TEST(Bpe, IgnoringMergesTakesWholePiecesFirst) {
  BpeVocabulary vocabulary = vocabulary_of({{"a", "b"}});
  vocabulary.tokens.emplace_back("bab", 900);
  vocabulary.ignore_merges = true;
  const Bpe bpe(vocabulary, "test");
  EXPECT_EQ(ids_of(bpe, "bab"), std::vector<int32_t>{900});
  EXPECT_EQ(ids_of(bpe, "babb"), (std::vector<int32_t>{'b', 256, 'b'}));
}

TEST(Bpe, BytesWithoutTokensAreLeftOut) {
  const Bpe bpe({.tokens = {{"a", 0}, {"b", 1}, {"ab", 2}}, .merges = {{"a", "b"}}}, "test");
  EXPECT_FALSE(bpe.covers_every_byte());
  std::vector<PieceToken> tokens;
  bpe.encode("bxab", tokens);
  ASSERT_EQ(tokens.size(), 2U);
  EXPECT_EQ(tokens[1].id, 2);
  EXPECT_EQ(tokens[1].begin, 2U);
  EXPECT_EQ(tokens[1].end, 4U);
}

TEST(Bpe, ContradictionsAreRefused) {
  const auto make = [](BpeVocabulary vocabulary) { return [vocabulary] { Bpe bpe(vocabulary, "v.json"); }; };
  expect_error(ErrorCode::kInput, {"v.json", "twice"}, make({.tokens = {{"a", 0}, {"a", 1}}, .merges = {}}));
  expect_error(ErrorCode::kInput, {"v.json", "merge 0", "'ab'"},
               make({.tokens = {{"a", 0}, {"b", 1}}, .merges = {{"a", "b"}}}));
  expect_error(ErrorCode::kInput, {"v.json", "merge 0", "'b'"},
               make({.tokens = {{"a", 0}, {"ab", 1}}, .merges = {{"a", "b"}}}));
}

}  // namespace
}  // namespace tugline
