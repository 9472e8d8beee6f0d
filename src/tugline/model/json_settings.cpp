#include "tugline/model/json_settings.h"

#include <utility>

#include "tugline/core/error.h"
#include "tugline/core/printable.h"
#include "tugline/core/strict_json.h"

namespace tugline {

using nlohmann::json;

JsonSettings::JsonSettings(const json& object, std::string where)
    : object_(object), where_(std::move(where)) {}

const json* JsonSettings::find(const char* name) const {
  asked_.insert(name);
  const auto found = object_.find(name);
  return found == object_.end() || found->is_null() ? nullptr : &*found;
}

bool JsonSettings::is_null(const char* name) const {
  const auto found = object_.find(name);
  return found != object_.end() && found->is_null();
}

const json* JsonSettings::find_object(const char* name) const {
  const json* field = find(name);
  if (field == nullptr) return nullptr;
  if (!field->is_object()) wrong_type(name, "an object", *field);
  return field->empty() ? nullptr : field;
}

int64_t JsonSettings::integer_or(const char* name, std::optional<int64_t> otherwise) const {
  const json* field = find_or_fail(name, otherwise.has_value());
  if (field == nullptr) return *otherwise;
  if (!field->is_number_integer()) wrong_type(name, "an integer", *field);
  if (field->is_number_unsigned() && !std::in_range<int64_t>(field->get<uint64_t>()))
    wrong_type(name, "an integer below 2^63", *field);
  return field->get<int64_t>();
}

double JsonSettings::number_or(const char* name, std::optional<double> otherwise) const {
  const json* field = find_or_fail(name, otherwise.has_value());
  if (field == nullptr) return *otherwise;
  if (!field->is_number()) wrong_type(name, "a number", *field);
  return field->get<double>();
}

bool JsonSettings::boolean_or(const char* name, bool otherwise) const {
  const json* field = find(name);
  if (field == nullptr) return !is_null(name) && otherwise;
  if (!field->is_boolean()) wrong_type(name, "true or false", *field);
  return field->get<bool>();
}

std::string JsonSettings::text_or(const char* name, const std::string& otherwise) const {
  const json* field = find(name);
  if (field == nullptr) return otherwise;
  if (!field->is_string()) wrong_type(name, "a string", *field);
  return field->get<std::string>();
}

std::vector<std::string> JsonSettings::unread() const {
  std::vector<std::string> names;
  for (const auto& [name, value] : object_.items())
    if (!value.is_null() && !asked_.contains(name)) names.push_back(name);
  return names;
}

const json* JsonSettings::find_or_fail(const char* name, bool optional) const {
  const json* field = find(name);
  if (field == nullptr && !optional) fail(ErrorCode::kInput, "{}: the field {} is missing", where_, name);
  return field;
}

void JsonSettings::wrong_type(const char* name, const char* expected, const json& found) const {
  fail(ErrorCode::kInput, "{}: {} should be {}, found {}", where_, name, expected, shown(found));
}

std::string listed(const std::vector<std::string>& names) {
  constexpr size_t kMost = 12;
  std::string list;
  for (size_t i = 0; i < names.size() && i < kMost; ++i) list += (i == 0 ? "" : ", ") + printable(names[i]);
  return names.size() > kMost ? fmt::format("{} and {} more", list, names.size() - kMost) : list;
}

}  // namespace tugline
