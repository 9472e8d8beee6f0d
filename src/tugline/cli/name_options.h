// Checks for options that take one of several names.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <string>
#include <vector>

namespace tugline {

// For CLI::Option::check. The help and the completion list the names; a refusal also names the nearest one.
[[nodiscard]] CLI::Validator one_of(std::vector<std::string> names);

// The same if a library function decides, which throws an Error for a value that it refuses. `names` are
// those that can be listed.
[[nodiscard]] CLI::Validator accepted_by(std::vector<std::string> names,
                                         std::function<void(const std::string&)> read);

// The names in a table of the library, such as kHooks.
[[nodiscard]] std::vector<std::string> names_in(const auto& table) {
  std::vector<std::string> names;
  for (const auto& [name, value] : table) names.emplace_back(name);
  return names;
}

}  // namespace tugline
