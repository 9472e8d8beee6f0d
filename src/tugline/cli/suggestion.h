// What somebody meant who mistyped a name.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace tugline {

// The name of `known` that `typed` is nearest to: it begins with `typed`, or differs from it in at most a third of the letters
// (inserted, left out, replaced, or two neighbours swapped). Empty if none is near.
[[nodiscard]] std::string closest_name(std::string_view typed, const std::vector<std::string>& known);

// "; did you mean NAME?", or nothing.
[[nodiscard]] std::string suggestion_for(std::string_view typed, const std::vector<std::string>& known);

}  // namespace tugline
