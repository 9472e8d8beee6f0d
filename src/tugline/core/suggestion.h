// Suggests a name for a mistyped one.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace tugline {

// The name in `known` that is nearest to `typed`: it begins with `typed`, or differs from it in at most a
// third of the letters (inserted, left out, replaced, or two neighbours swapped). Empty if none is near.
[[nodiscard]] std::string closest_name(std::string_view typed, const std::vector<std::string>& known);

// "; did you mean NAME?", or an empty text.
[[nodiscard]] std::string suggestion_for(std::string_view typed, const std::vector<std::string>& known);

}  // namespace tugline
