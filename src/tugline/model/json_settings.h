// Typed access to one object of config.json. It remembers which settings were read, so that none is
// overlooked, and its errors name the file and the field. Internal to model/.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace tugline {

class JsonSettings {
 public:
  // `where` begins messages: "path/config.json", "path/config.json: rope_scaling". `object` must outlive
  // this.
  JsonSettings(const nlohmann::json& object, std::string where);

  // nullptr if the setting is absent or null, which configurations use alike.
  [[nodiscard]] const nlohmann::json* find(const char* name) const;
  [[nodiscard]] bool is_null(const char* name) const;  // present and null
  // The same for an object; an empty object counts as absent. Errors: another type.
  [[nodiscard]] const nlohmann::json* find_object(const char* name) const;

  // Errors: another type; an absent setting without `otherwise`.
  [[nodiscard]] int64_t integer(const char* name) const { return integer_or(name, std::nullopt); }
  [[nodiscard]] int64_t integer_or(const char* name, std::optional<int64_t> otherwise) const;
  [[nodiscard]] double number_or(const char* name, std::optional<double> otherwise) const;
  // null is false, as in the Python code that configurations are written for. Errors: another type.
  [[nodiscard]] bool boolean_or(const char* name, bool otherwise) const;
  [[nodiscard]] std::string text_or(const char* name, const std::string& otherwise) const;

  [[nodiscard]] const std::string& where() const { return where_; }
  // The settings that were not read and are not null, in ascending order.
  [[nodiscard]] std::vector<std::string> unread() const;

 private:
  [[nodiscard]] const nlohmann::json* find_or_fail(const char* name, bool optional) const;
  [[noreturn]] void wrong_type(const char* name, const char* expected, const nlohmann::json& found) const;

  const nlohmann::json& object_;
  std::string where_;
  mutable std::set<std::string, std::less<>> asked_;
};

// "a, b, c and 4 more", each name safe to show.
[[nodiscard]] std::string listed(const std::vector<std::string>& names);

}  // namespace tugline
