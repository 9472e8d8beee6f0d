// Splits a dataset's text into its examples, as JSON objects.
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

// Reads a list of objects, or JSON Lines: one object per line, without blank lines. The first character
// decides which. NaN and infinities, which Python's json module writes, are read as null with a warning.
// `name` is the file's name in messages. Errors (kInput): text that is neither of the two, or that
// parse_strict_json refuses.
[[nodiscard]] JsonExamples read_json_examples(std::string_view text, std::string_view name);

// Describes a value in a message, without repeating texts of thousands of characters.
[[nodiscard]] std::string describe(const nlohmann::json& value);

}  // namespace tugline
