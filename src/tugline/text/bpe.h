// Byte-pair merging: turns one piece of text into token ids, by the vocabulary's merges in the order of their
// ranks.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace tugline {

// The vocabulary in a model file, in the byte-level alphabet.
struct BpeVocabulary {
  std::vector<std::pair<std::string, int32_t>> tokens;
  std::vector<std::pair<std::string, std::string>> merges;  // by rank
  bool ignore_merges = false;  // a piece that is a token as a whole is that token
};

// One token of a piece, and the bytes of the piece that it covers.
struct PieceToken {
  int32_t id = 0;
  uint32_t begin = 0;
  uint32_t end = 0;
};

class Bpe {
 public:
  // Throws Error if two tokens share an id or a text, or if a
  // merge's parts or result are not tokens; `where` names the file.
  Bpe(BpeVocabulary vocabulary, const std::string& where);

  // Appends the tokens of `piece` (raw bytes, under 4 GiB) to `out`. Leaves out bytes that have no token, as
  // the reference does if there is no unknown token. O(n log n). Thread-safe.
  void encode(std::string_view piece, std::vector<PieceToken>& out) const;

  [[nodiscard]] const std::unordered_map<std::string, int32_t>& ids() const { return ids_; }
  // Whether all 256 bytes have tokens, so that no text can hold anything unknown.
  [[nodiscard]] bool covers_every_byte() const;

 private:
  struct Merge {
    int32_t rank = 0;
    int32_t id = 0;
  };
  static uint64_t pair_key(int32_t left, int32_t right);
  void add_merges(const BpeVocabulary& vocabulary, const std::string& where);
  [[nodiscard]] const Merge* find_merge(int32_t left, int32_t right) const;
  void merge_all(std::string_view piece, std::vector<PieceToken>& out) const;

  std::unordered_map<std::string, int32_t> ids_;
  std::unordered_map<uint64_t, Merge> merges_;
  std::array<int32_t, 256> byte_ids_{};  // -1 if a byte has no token
  bool ignore_merges_ = false;

  friend class MergeQueue;
};

// Remembers the tokens of short pieces of one text, because words repeat.
class BpeCache {
 public:
  explicit BpeCache(const Bpe& bpe) : bpe_(bpe) {}
  // As Bpe::encode. The result is valid until the next call.
  const std::vector<PieceToken>& encode(const std::string& piece);

 private:
  const Bpe& bpe_;
  std::unordered_map<std::string, std::vector<PieceToken>> words_;
  std::vector<PieceToken> long_piece_;
};

}  // namespace tugline
