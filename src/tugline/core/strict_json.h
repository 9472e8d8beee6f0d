// Reads JSON from files of unknown origin strictly: malformed, ambiguous or hostile JSON is an Error that
// names the file. Every reader of a model's JSON uses it.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

namespace tugline {

// Parses the document. Takes time and memory linear in the text. Throws Error (kInput), whose message begins
// with `label`, for malformed JSON (it says so if the text is a git-lfs pointer, a web page or the like), a
// name that occurs twice in one object, a number beyond a double's range, and nesting deeper than 64.
[[nodiscard]] nlohmann::json parse_strict_json(std::string_view text, std::string_view label);

// A value as a message shows it: its JSON text, cut to a line's length.
[[nodiscard]] std::string shown(const nlohmann::json& value);

}  // namespace tugline
