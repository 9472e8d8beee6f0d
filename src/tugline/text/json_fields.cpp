#include "tugline/text/json_fields.h"

#include "tugline/core/error.h"
#include "tugline/core/excerpt.h"

namespace tugline {

void JsonField::wrong_type(std::string_view expected) const {
  fail(ErrorCode::kInput, "{}: expected {}, found {}", where_, expected, value_->type_name());
}

JsonField JsonField::child(const char* key, const nlohmann::json& value) const {
  // The document itself is named "file", its members "file: member".
  const bool in_document = where_.find(": ") == std::string::npos;
  return {value, where_ + (in_document ? ": " : ".") + key};
}

JsonField JsonField::at(const char* key) const {
  expect_object();
  const auto found = value_->find(key);
  if (found == value_->end()) fail(ErrorCode::kInput, "{}: the field '{}' is missing", where_, key);
  return child(key, *found);
}

JsonField JsonField::get(const char* key) const {
  static const nlohmann::json null;
  expect_object();
  const auto found = value_->find(key);
  return child(key, found == value_->end() ? null : *found);
}

JsonField JsonField::element(size_t index) const {
  return {(*value_)[index], where_ + "[" + std::to_string(index) + "]"};
}

size_t JsonField::array_size() const { return expect_array().value_->size(); }

const std::string& JsonField::string() const {
  if (!value_->is_string()) wrong_type("a string");
  return value_->get_ref<const std::string&>();
}

bool JsonField::boolean() const {
  if (!value_->is_boolean()) wrong_type("true or false");
  return value_->get<bool>();
}

int32_t JsonField::id() const {
  if (!value_->is_number_integer()) wrong_type("a token id");
  if (!value_->is_number_unsigned() || value_->get<uint64_t>() >= kIdLimit) {
    fail(ErrorCode::kInput, "{}: {} is not a token id", where_, excerpt(value_->dump(), 40));
  }
  return value_->get<int32_t>();
}

const JsonField& JsonField::expect_object() const {
  if (!value_->is_object()) wrong_type("an object");
  return *this;
}

const JsonField& JsonField::expect_array() const {
  if (!value_->is_array()) wrong_type("an array");
  return *this;
}

}  // namespace tugline
