// Maps ids to bytes and strings to ids, for a vocabulary and its added tokens.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "tugline/text/added_tokens.h"

namespace tugline {

class TokenTable {
 public:
  // Keeps a reference to `vocabulary`. Throws Error if an id has two tokens or a token has two ids; `where`
  // names the file.
  TokenTable(const std::unordered_map<std::string, int32_t>& vocabulary, const std::vector<AddedToken>& added,
             const std::string& where);

  // The raw bytes of a token; nullptr if the id has none.
  [[nodiscard]] const std::string* bytes_of(int32_t id) const;
  [[nodiscard]] std::optional<int32_t> id_of(std::string_view token) const;
  // One more than the largest id.
  [[nodiscard]] int64_t size() const { return size_; }

 private:
  void add_vocabulary(const std::string& where);
  void add_added_token(const AddedToken& token, const std::string& where);

  const std::unordered_map<std::string, int32_t>* vocabulary_;
  std::unordered_map<std::string, int32_t> added_;  // those that are not in the vocabulary
  std::unordered_map<int32_t, std::string> bytes_;
  int64_t size_ = 0;
};

}  // namespace tugline
