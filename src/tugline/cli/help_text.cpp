#include "tugline/cli/help_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace tugline {
namespace {

constexpr size_t kWidth = 100;
constexpr size_t kDescriptionColumn = 28;

std::string wrapped_line(std::string_view line, size_t width, size_t indent) {
  if (line.starts_with(' ')) return std::string(line);
  std::string text;
  size_t column = indent;
  while (!line.empty()) {
    const std::string_view word = line.substr(0, line.find(' '));
    const bool is_first = column == indent;
    if (!is_first && column + 1 + word.size() > width) {
      text += '\n' + std::string(indent, ' ');
      column = indent;
    } else if (!is_first) {
      text += ' ';
      ++column;
    }
    text += word;
    column += word.size();
    line.remove_prefix(std::min(line.size(), word.size() + 1));
  }
  return text;
}

// "  NAME  " padded up to the description, which begins on the next line if the name is longer.
std::string entry(const std::string& name, const std::string& description) {
  const std::string left = "  " + name;
  const std::string gap = left.size() + 2 > kDescriptionColumn
                              ? "\n" + std::string(kDescriptionColumn, ' ')
                              : std::string(kDescriptionColumn - left.size(), ' ');
  return left + gap + wrapped(description, kWidth, kDescriptionColumn) + "\n";
}

// The type's name and, after the colon, what the option's checks say about its values.
struct TypeText {
  std::string name;
  std::string values;
};

TypeText type_of(const CLI::Option& option) {
  const std::string text = option.get_type_size() == 0 ? "" : option.get_type_name();
  const size_t colon = text.find(':');
  if (colon == std::string::npos) return {text, ""};
  std::string values = text.substr(colon + 1);
  if (values.starts_with('{') && values.ends_with('}')) values = values.substr(1, values.size() - 2);
  return {text.substr(0, colon), CLI::detail::find_and_replace(values, ",", ", ")};
}

// " [1 to 4096; default 8; not with --direction-file]", or an empty text.
std::string bracketed(const CLI::Option& option, const std::string& values) {
  std::vector<std::string> parts;
  if (!values.empty()) parts.push_back(values);
  const std::string preset = option.get_default_str();
  if (!preset.empty() && preset != "\"\"") parts.push_back("default " + preset);
  if (option.nonpositional() && option.get_required()) parts.emplace_back("required");
  for (const CLI::Option* excluded : option.get_excludes())
    parts.push_back("not with " + excluded->get_name());
  return parts.empty() ? "" : " [" + CLI::detail::join(parts, "; ") + "]";
}

}  // namespace

std::string wrapped(std::string_view text, size_t width, size_t indent) {
  std::string lines;
  while (true) {
    const size_t end = text.find('\n');
    lines += wrapped_line(text.substr(0, end), width, indent);
    if (end == std::string_view::npos) return lines;
    lines += '\n' + std::string(indent, ' ');
    text.remove_prefix(end + 1);
  }
}

// One empty line between groups, not two.
std::string HelpFormatter::make_help(const CLI::App* app, std::string name, CLI::AppFormatMode mode) const {
  return CLI::detail::find_and_replace(Formatter::make_help(app, std::move(name), mode), "\n\n\n", "\n\n");
}

std::string HelpFormatter::make_option(const CLI::Option* option, bool is_positional) const {
  const TypeText type = type_of(*option);
  const bool has_type = !is_positional && !type.name.empty();
  return entry(make_option_name(option, is_positional) + (has_type ? " " + type.name : ""),
               make_option_desc(option) + bracketed(*option, type.values));
}

std::string HelpFormatter::make_subcommand(const CLI::App* command) const {
  return entry(command->get_name(), command->get_description());
}

std::string HelpFormatter::make_description(const CLI::App* app) const {
  return wrapped(app->get_description(), kWidth) + "\n\n";
}

std::string HelpFormatter::make_footer(const CLI::App* app) const {
  return app->get_footer().empty() ? "" : wrapped(app->get_footer(), kWidth) + "\n";
}

void group_options(CLI::App& command, const std::string& group, const std::vector<std::string>& names) {
  for (const std::string& name : names)
    if (CLI::Option* option = command.get_option_no_throw(name)) option->group(group);
}

}  // namespace tugline
