#include "tugline/cli/help_text.h"

#include <algorithm>

#include "tugline/cli/option_text.h"

namespace tugline {
namespace {

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

size_t help_width(size_t columns) {
  constexpr size_t kLeast = 40;
  constexpr size_t kMost = 100;
  return columns == 0 ? kMost : std::clamp(columns, kLeast, kMost);
}

// "  NAME  " padded up to the description, which begins on the next line if the name is longer. On a narrow
// terminal it always does, and is indented less.
std::string HelpFormatter::entry(const std::string& name, const std::string& description) const {
  constexpr size_t kNarrow = 72;
  const size_t column = width_ < kNarrow ? 8 : 28;
  const std::string left = "  " + name;
  const std::string gap =
      left.size() + 2 > column ? "\n" + std::string(column, ' ') : std::string(column - left.size(), ' ');
  return left + gap + wrapped(description, width_, column) + "\n";
}

std::string HelpFormatter::entry(const CLI::Option& option) const {
  const OptionText text = text_of(option);
  const std::string notes = text.notes.empty() ? "" : " [" + CLI::detail::join(text.notes, "; ") + "]";
  return entry(text.name + (text.type.empty() ? "" : " " + text.type), text.description + notes);
}

std::string HelpFormatter::entries(const std::vector<const CLI::Option*>& options) const {
  std::string lines;
  for (const CLI::Option* option : options) lines += entry(*option);
  return lines;
}

std::string HelpFormatter::make_help(const CLI::App* app, std::string /*name*/,
                                     CLI::AppFormatMode /*mode*/) const {
  std::string help = wrapped(app->get_description(), width_) + "\n\nUsage: " + usage_of(*app) + "\n";
  if (const auto positionals = positionals_of(*app); !positionals.empty())
    help += "\nPositionals:\n" + entries(positionals);
  for (const OptionGroup& group : option_groups(*app))
    help += "\n" + group.heading + ":\n" + entries(group.options);
  for (const CommandGroup& group : command_groups(*app)) {
    help += "\n" + group.heading + ":\n";
    for (const CLI::App* command : group.commands)
      help += entry(command->get_name(), command->get_description());
  }
  return app->get_footer().empty() ? help : help + "\n" + wrapped(app->get_footer(), width_) + "\n";
}

void group_options(CLI::App& command, const std::string& group, const std::vector<std::string>& names) {
  for (const std::string& name : names)
    if (CLI::Option* option = command.get_option_no_throw(name)) option->group(group);
}

}  // namespace tugline
