// Values for options that the command line left out: first from a configuration file, then from a preset,
// then the option's own default.
#pragma once

#include <CLI/CLI.hpp>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace tugline {

using OptionValues =
    std::vector<std::pair<std::string, std::string>>;  // option's long name without dashes, value

// Keys of a TOML file: NAME = value, the option's long name; lists are joined by commas. Errors (kInput,
// kNotFound): not readable, a section.
[[nodiscard]] OptionValues read_option_file(const std::filesystem::path& path);

// Sets each option of `command` that has no value yet. Skips an option that excludes one that is already set.
// `source` is for messages. Errors (kUsage): a name that is not an option of the command, or is given twice;
// two options that exclude each other; a value that the option does not accept.
void apply_option_values(CLI::App& command, const OptionValues& values, const std::string& source);

}  // namespace tugline
