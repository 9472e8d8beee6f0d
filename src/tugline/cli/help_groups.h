// The topics under which the help lists commands and options.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

namespace tugline {

struct HelpGroup {
  std::string command;  // empty: the names are commands
  std::string heading;
  std::vector<std::string> names;
};

// Those that no command sets itself. Every name in it must exist.
[[nodiscard]] const std::vector<HelpGroup>& help_groups();

void group_help(CLI::App& app);

}  // namespace tugline
