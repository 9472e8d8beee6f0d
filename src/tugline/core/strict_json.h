// JSON from files that others made, read strictly: what is malformed, ambiguous or hostile is an Error with the file's
// name. Every reader of a model's JSON uses it.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

namespace tugline {

// The document as a value. Takes time and memory linear in the text.
// Throws Error (kInput) that begins with `label`: malformed JSON (a git-lfs pointer, a web page and the like are called
// what they are), a name twice in one object, a number beyond a double's range, nesting deeper than 64.
[[nodiscard]] nlohmann::json parse_strict_json(std::string_view text, std::string_view label);

// A value as a message shows it: its JSON text, cut to a line's length.
[[nodiscard]] std::string shown(const nlohmann::json& value);

}  // namespace tugline
