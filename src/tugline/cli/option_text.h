// What is said of a command's options, wherever it is said: --help, man pages, completion of a shell's line.
// It is read from the definitions that the parser has.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

namespace tugline {

// An option, or a positional argument.
struct OptionText {
  std::string name;  // "-o,--output", "MODEL"
  std::string type;  // of its value, "TEXT"; empty for a flag
  std::string description;
  std::vector<std::string> notes;   // about its values, its default, what it goes with
  std::vector<std::string> values;  // all that it takes, or those that have a name; empty if they have none
  bool takes_file = false;
};

// A group of a command's options, in the order of its help.
struct OptionGroup {
  std::string heading;
  std::vector<const CLI::Option*> options;
};

[[nodiscard]] OptionText text_of(const CLI::Option& option);

// The groups that have options; positional arguments are not among them.
[[nodiscard]] std::vector<OptionGroup> option_groups(const CLI::App& command);

[[nodiscard]] std::vector<const CLI::Option*> positionals_of(const CLI::App& command);

// The commands, in groups by their topic, in the order of the help.
struct CommandGroup {
  std::string heading;
  std::vector<const CLI::App*> commands;
};
[[nodiscard]] std::vector<CommandGroup> command_groups(const CLI::App& app);

// "tugline sweep MODEL DATA [options]".
[[nodiscard]] std::string usage_of(const CLI::App& command);

// Whether the option's value is the argument after it.
[[nodiscard]] bool takes_value(const CLI::Option& option);

}  // namespace tugline
