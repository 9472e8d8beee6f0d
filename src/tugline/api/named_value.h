// The value that a setting names.
#pragma once

#include <fmt/ranges.h>

#include <string>
#include <vector>

#include "tugline/core/error.h"
#include "tugline/core/excerpt.h"
#include "tugline/core/suggestion.h"

namespace tugline {

// `values` are pairs of a name and its value. Error (kUsage): a name that is none of them; the message lists
// them, and names the nearest.
template <typename Values>
[[nodiscard]] auto named_value(const char* setting, const std::string& name, const Values& values) {
  std::vector<std::string> names;
  for (const auto& [known, value] : values) {
    if (known == name) return value;
    names.emplace_back(known);
  }
  refuse(setting, "'{}' is not one of {}{}", excerpt(name, 40), fmt::join(names, ", "),
         suggestion_for(name, names));
}

}  // namespace tugline
