// Typed access to the fields of a tokenizer's JSON. A missing field, or one of another type, is an Error that
// names the file and the field's path.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>

namespace tugline {

// Token ids are below this.
inline constexpr uint64_t kIdLimit = 0x7FFFFFFF;

// A JSON value with its address: "tokenizer.json: model.vocab".
class JsonField {
 public:
  JsonField(const nlohmann::json& value, std::string where) : value_(&value), where_(std::move(where)) {}

  [[nodiscard]] const std::string& where() const { return where_; }
  [[nodiscard]] const nlohmann::json& value() const { return *value_; }
  [[nodiscard]] bool is_null() const { return value_->is_null(); }

  // A member of an object. `at` refuses an absent one; `get` gives null for it.
  [[nodiscard]] JsonField at(const char* key) const;
  [[nodiscard]] JsonField get(const char* key) const;
  // An element of an array.
  [[nodiscard]] JsonField element(size_t index) const;
  // Number of elements of an array.
  [[nodiscard]] size_t array_size() const;

  [[nodiscard]] const std::string& string() const;
  [[nodiscard]] bool boolean() const;
  // A token id: an integer in [0, kIdLimit).
  [[nodiscard]] int32_t id() const;
  // Refuses anything but an object or an array.
  const JsonField& expect_object() const;
  const JsonField& expect_array() const;

 private:
  [[nodiscard]] JsonField child(const char* key, const nlohmann::json& value) const;
  [[noreturn]] void wrong_type(std::string_view expected) const;

  const nlohmann::json* value_;
  std::string where_;
};

}  // namespace tugline
