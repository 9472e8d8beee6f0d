// Typed access to the fields of one example, under tugline's names for them.
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tugline/core/ids.h"

namespace tugline {

using NumberList = std::vector<std::optional<double>>;

class ExampleFields {
 public:
  // All are references: `object` and what the strings view must live as long. `names` as FieldNames.
  ExampleFields(const nlohmann::json& object, const std::map<std::string, std::string>& names,
                std::string_view file, int64_t index)
      : object_(object), names_(names), file_(file), index_(index) {}

  // A missing field and null give no value. Each throws Error (kInput) for a value of another type, naming
  // the file, the example and the file's own field.
  [[nodiscard]] std::optional<std::string> text(const std::string& name) const;
  [[nodiscard]] std::optional<std::string> text_or_number(const std::string& name) const;
  // One string, or a list of strings and nulls.
  [[nodiscard]] std::optional<std::vector<std::string>> texts(const std::string& name) const;
  // One chunk number, or a list of them and nulls. A whole number may be written as a float.
  [[nodiscard]] std::optional<std::vector<std::optional<int64_t>>> chunk_numbers(
      const std::string& name) const;
  [[nodiscard]] std::optional<NumberList> numbers(const std::string& name) const;

  // The raw value of a field that is there and not null.
  [[nodiscard]] const nlohmann::json* find(const std::string& name) const;
  // The file's name of a field.
  [[nodiscard]] const std::string& name_in_file(const std::string& name) const;
  // The names of all fields of the object, on one line, for a message.
  [[nodiscard]] std::string found() const;
  [[nodiscard]] const nlohmann::json& object() const { return object_; }

  [[noreturn]] void refuse(const std::string& name, std::string_view expected,
                           const nlohmann::json& found) const;
  [[noreturn]] void refuse(const std::string& message) const;

 private:
  [[nodiscard]] int64_t chunk_number(const std::string& name, const nlohmann::json& value) const;

  const nlohmann::json& object_;
  const std::map<std::string, std::string>& names_;
  std::string_view file_;
  int64_t index_;
};

}  // namespace tugline
