#include "tugline/data/example_fields.h"

#include <cmath>

#include "tugline/core/error.h"
#include "tugline/core/excerpt.h"
#include "tugline/data/json_examples.h"

namespace tugline {

using nlohmann::json;

const std::string& ExampleFields::name_in_file(const std::string& name) const {
  const auto mapped = names_.find(name);
  return mapped == names_.end() ? name : mapped->second;
}

const json* ExampleFields::find(const std::string& name) const {
  const auto found = object_.find(name_in_file(name));
  return found == object_.end() || found->is_null() ? nullptr : &*found;
}

std::optional<std::string> ExampleFields::text(const std::string& name) const {
  const json* value = find(name);
  if (value == nullptr) return std::nullopt;
  if (!value->is_string()) refuse(name, "a string", *value);
  return value->get<std::string>();
}

std::optional<std::string> ExampleFields::text_or_number(const std::string& name) const {
  const json* value = find(name);
  if (value == nullptr) return std::nullopt;
  if (value->is_number() || value->is_boolean()) return value->dump();
  if (!value->is_string()) refuse(name, "a string or a number", *value);
  return value->get<std::string>();
}

std::optional<std::vector<std::string>> ExampleFields::texts(const std::string& name) const {
  const json* value = find(name);
  if (value == nullptr) return std::nullopt;
  if (value->is_string()) return std::vector{value->get<std::string>()};
  if (!value->is_array()) refuse(name, "a string or a list of strings", *value);
  std::vector<std::string> texts;
  for (const json& element : *value) {
    if (!element.is_string() && !element.is_null()) {
      refuse(fmt::format("{}[{}]", name_in_file(name), texts.size()), "a string", element);
    }
    texts.push_back(element.is_null() ? std::string() : element.get<std::string>());
  }
  return texts;
}

int64_t ExampleFields::chunk_number(const std::string& name, const json& value) const {
  constexpr double kExactDoubles = 9'007'199'254'740'992;  // 2^53; whole doubles below are exact integers
  if (value.is_number_unsigned() && value.get<uint64_t>() < static_cast<uint64_t>(kExactDoubles)) {
    return value.get<int64_t>();
  }
  if (value.is_number_float()) {
    const double number = value.get<double>();
    if (number >= 0 && number < kExactDoubles && number == std::floor(number))
      return static_cast<int64_t>(number);
  }
  refuse(name, "a chunk's number (an integer from 0)", value);
}

std::optional<std::vector<std::optional<int64_t>>> ExampleFields::chunk_numbers(
    const std::string& name) const {
  const json* value = find(name);
  if (value == nullptr) return std::nullopt;
  std::vector<std::optional<int64_t>> numbers;
  if (!value->is_array()) return std::vector{std::optional(chunk_number(name, *value))};
  for (const json& element : *value) {
    numbers.push_back(element.is_null() ? std::nullopt : std::optional(chunk_number(name, element)));
  }
  return numbers;
}

std::optional<NumberList> ExampleFields::numbers(const std::string& name) const {
  const json* values = find(name);
  if (values == nullptr) return std::nullopt;
  if (!values->is_array()) refuse(name, "a list of numbers, one for each chunk", *values);
  NumberList numbers;
  for (const json& value : *values) {
    if (!value.is_null() && !value.is_number()) {
      refuse(fmt::format("{}[{}]", name_in_file(name), numbers.size()), "a number or null", value);
    }
    numbers.push_back(value.is_null() ? std::nullopt : std::optional(value.get<double>()));
  }
  return numbers;
}

std::string ExampleFields::found() const {
  constexpr size_t kMost = 200;
  std::string names;
  for (const auto& [key, value] : object_.items()) names += (names.empty() ? "" : ", ") + key;
  return names.empty() ? "none" : excerpt(names, kMost);
}

void ExampleFields::refuse(const std::string& name, std::string_view expected, const json& found) const {
  fail(ErrorCode::kInput, "{}: example {}: field {}: expected {}, found {}.", file_, index_,
       name_in_file(name), expected, describe(found));
}

void ExampleFields::refuse(const std::string& message) const {
  fail(ErrorCode::kInput, "{}: example {}: {}", file_, index_, message);
}

}  // namespace tugline
