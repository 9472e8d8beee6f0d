// JSON from model files, read strictly: a name that an object has twice is an error, not the last one's win.
// Internal to files/.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string_view>

namespace tugline {

// Throws Error (kInput) that begins with `label`: malformed, a name twice, or nested deeper than any model
// file's header is.
[[nodiscard]] nlohmann::json parse_strict_json(std::string_view text, std::string_view label);

}  // namespace tugline
