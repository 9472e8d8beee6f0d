#include "tugline/cli/parse_arguments.h"

#include <algorithm>

#include "tugline/cli/option_text.h"
#include "tugline/core/error.h"
#include "tugline/core/suggestion.h"

namespace tugline {
namespace {

// Messages are about the command, so that they begin with its name.
void check_argument_is_option(const CLI::App& command, const std::string& name, const std::string& where) {
  if (command.get_option_no_throw(name) != nullptr) return;
  std::vector<std::string> known;
  for (const CLI::Option* option : command.get_options())
    for (const std::string& longer : option->get_lnames()) known.push_back("--" + longer);
  const std::string typed = name.starts_with("--") ? name : "-" + name;  // -layers
  fail(ErrorCode::kUsage, "{}: there is no option {}{} ({} lists them)", command.get_name(), quoted(name),
       suggestion_for(typed, known), where);
}

}  // namespace

std::string quoted(const std::string& text) {
  constexpr size_t kMost = 80;
  return "'" + (text.size() > kMost ? text.substr(0, kMost) + "..." : text) + "'";
}

const CLI::App& command_named(const CLI::App& app, const std::string& name) {
  std::vector<std::string> known;
  for (const CLI::App* command : app.get_subcommands({})) {
    if (command->get_name() == name) return *command;
    known.push_back(command->get_name());
  }
  fail(ErrorCode::kUsage, "there is no command {}{} (tugline help lists them)", quoted(name),
       suggestion_for(name, known));
}

void check_options_are_known(const CLI::App& command, const Arguments& arguments, const std::string& where) {
  for (size_t i = 0; i < arguments.size(); ++i) {
    const std::string& argument = arguments[i];
    if (argument == "--") return;
    if (argument.size() < 2 || argument[0] != '-') continue;
    const bool is_long = argument[1] == '-';
    const std::string name = is_long ? argument.substr(0, argument.find('=')) : argument.substr(0, 2);
    if (!is_long && command.get_option_no_throw(name) == nullptr)
      check_argument_is_option(command, argument, where);
    check_argument_is_option(command, name, where);
    const bool has_value_in_it = name.size() < argument.size();
    if (!has_value_in_it && takes_value(*command.get_option(name))) ++i;  // the next is its value
  }
}

void fail_to_parse(const CLI::ParseError& error, const std::vector<std::string>& remaining,
                   const std::string& what_for, const std::string& where) {
  std::string what = error.what();
  if (dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr && !remaining.empty())
    what = quoted(remaining.front()) + " is one argument too many";
  constexpr size_t kMost = 1000;  // the parser quotes values whole
  if (what.size() > kMost) what = what.substr(0, kMost) + "...";
  fail(ErrorCode::kUsage, "{}: {} (see {})", what_for, what, where);
}

}  // namespace tugline
