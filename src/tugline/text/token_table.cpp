#include "tugline/text/token_table.h"

#include <algorithm>

#include "tugline/core/error.h"
#include "tugline/core/excerpt.h"
#include "tugline/text/byte_level.h"

namespace tugline {

TokenTable::TokenTable(const std::unordered_map<std::string, int32_t>& vocabulary,
                       const std::vector<AddedToken>& added, const std::string& where)
    : vocabulary_(&vocabulary) {
  add_vocabulary(where);
  for (const AddedToken& token : added) add_added_token(token, where);
  for (const auto& [id, bytes] : bytes_) size_ = std::max(size_, int64_t{id} + 1);
}

void TokenTable::add_vocabulary(const std::string& where) {
  bytes_.reserve(vocabulary_->size());
  for (const auto& [token, id] : *vocabulary_) {
    // A token outside the byte-level alphabet is text as it stands: byte-pair merging never makes it.
    auto bytes = from_byte_level(token);
    if (!bytes_.emplace(id, bytes ? std::move(*bytes) : token).second) {
      fail(ErrorCode::kInput, "{}: the vocabulary gives id {} to two tokens, one of them '{}'", where, id,
           excerpt(token, 40));
    }
  }
}

void TokenTable::add_added_token(const AddedToken& token, const std::string& where) {
  const auto known = id_of(token.content);
  if (known && *known != token.id) {
    fail(ErrorCode::kInput, "{}: added token '{}' has id {}, but the same text has id {} already", where,
         excerpt(token.content, 40), token.id, *known);
  }
  const auto [bytes, id_is_new] = bytes_.insert_or_assign(token.id, token.content);
  if (!known && !id_is_new) {
    fail(ErrorCode::kInput, "{}: added token '{}' has id {}, which another token has already", where,
         excerpt(token.content, 40), token.id);
  }
  if (!known) added_.emplace(token.content, token.id);
}

const std::string* TokenTable::bytes_of(int32_t id) const {
  const auto found = bytes_.find(id);
  return found == bytes_.end() ? nullptr : &found->second;
}

std::optional<int32_t> TokenTable::id_of(std::string_view token) const {
  const std::string key(token);
  if (const auto found = vocabulary_->find(key); found != vocabulary_->end()) return found->second;
  if (const auto found = added_.find(key); found != added_.end()) return found->second;
  return std::nullopt;
}

}  // namespace tugline
