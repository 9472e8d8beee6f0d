// The layout of --help: wrapped to the terminal's width, one option after the other, with its values and
// default in brackets.
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

// The width of a help for a standard output of so many columns: they themselves from 40 to 100; 100 if it is
// no terminal (0 columns).
[[nodiscard]] size_t help_width(size_t columns);

class HelpFormatter final : public CLI::Formatter {
 public:
  explicit HelpFormatter(size_t width) : width_(width) {}
  [[nodiscard]] std::string make_help(const CLI::App* app, std::string name,
                                      CLI::AppFormatMode mode) const override;

 private:
  [[nodiscard]] std::string entry(const std::string& name, const std::string& description) const;
  [[nodiscard]] std::string entry(const CLI::Option& option) const;
  [[nodiscard]] std::string entries(const std::vector<const CLI::Option*>& options) const;

  size_t width_;
};

// Puts those of the named options that the command has into a group of its help. Names have their dashes.
void group_options(CLI::App& command, const std::string& group, const std::vector<std::string>& names);

}  // namespace tugline
