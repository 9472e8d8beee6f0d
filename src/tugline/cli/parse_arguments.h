// Parses the arguments of one command, with messages that name what is wrong and what is nearest to it.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

namespace tugline {

using Arguments = std::vector<std::string>;

// At most a line of what the user typed, in quotes.
[[nodiscard]] std::string quoted(const std::string& text);

// The command of this name. Errors (kUsage): there is none; the message names the nearest.
[[nodiscard]] const CLI::App& command_named(const CLI::App& app, const std::string& name);

// The parser reads an option that it does not know as a positional argument and may complain of anything that
// follows from that, so options are looked at first, in the order in which they were typed. `where` is in the
// message: "tugline sweep --help". Errors (kUsage): an option that the command does not have.
void check_options_are_known(const CLI::App& command, const Arguments& arguments, const std::string& where);

// What the parser says, as an Error; `what_for` begins the message.
[[noreturn]] void fail_to_parse(const CLI::ParseError& error, const std::vector<std::string>& remaining,
                                const std::string& what_for, const std::string& where);

}  // namespace tugline
