// From a dataset's text to its examples as JSON objects.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace tugline {

struct JsonExamples {
  std::vector<nlohmann::json> objects;  // in the file's order; each is an object
  std::vector<std::string> warnings;
};

// A list of objects, or JSON Lines: one object a line, blank lines passed over. The first character tells which. NaN and
// infinities, which Python's json module writes, are read as null with a warning. `name` stands for the file in messages.
// Errors (kInput): neither of the two; what parse_strict_json refuses.
[[nodiscard]] JsonExamples read_json_examples(std::string_view text, std::string_view name);

// What a message says was found, without repeating texts of thousands of characters.
[[nodiscard]] std::string describe(const nlohmann::json& value);

}  // namespace tugline
