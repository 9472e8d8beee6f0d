// The layout of --help: wrapped at 100 columns, one option after the other, with its values and default in
// brackets.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace tugline {

// Lines of at most `width` characters, broken between words; lines after the first begin with `indent`
// spaces, which count. Line breaks of the text stay, and lines that begin with a space (examples) stay as
// they are.
[[nodiscard]] std::string wrapped(std::string_view text, size_t width, size_t indent = 0);

class HelpFormatter final : public CLI::Formatter {
 public:
  [[nodiscard]] std::string make_help(const CLI::App* app, std::string name,
                                      CLI::AppFormatMode mode) const override;
  [[nodiscard]] std::string make_option(const CLI::Option* option, bool is_positional) const override;
  [[nodiscard]] std::string make_subcommand(const CLI::App* command) const override;
  [[nodiscard]] std::string make_description(const CLI::App* app) const override;
  [[nodiscard]] std::string make_footer(const CLI::App* app) const override;
};

// Puts those of the named options that the command has into a group of its help. Names have their dashes.
void group_options(CLI::App& command, const std::string& group, const std::vector<std::string>& names);

}  // namespace tugline
