#include "tugline/cli/option_text.h"

#include <algorithm>

namespace tugline {
namespace {

// The type's name, and after the colon what the option's checks say about its values.
struct TypeText {
  std::string name;
  std::string values;
};

TypeText type_of(const CLI::Option& option) {
  const std::string text = option.get_type_size() == 0 ? "" : option.get_type_name();
  const size_t colon = text.find(':');
  if (colon == std::string::npos) return {text, ""};
  return {text.substr(0, colon), text.substr(colon + 1)};
}

// "{a,b}" as a list; empty if it is another text.
std::vector<std::string> names_in(const std::string& values) {
  if (!values.starts_with('{') || !values.ends_with('}')) return {};
  return CLI::detail::split(values.substr(1, values.size() - 2), ',');
}

// Names of types end in an extension, or say that they are a file: RUN.db, FILE, residual|FILE.
bool is_file(const std::string& type) {
  return type.find("FILE") != std::string::npos || type.find('.') != std::string::npos || type == "MODEL" ||
         type == "DATA";
}

}  // namespace

OptionText text_of(const CLI::Option& option) {
  const TypeText type = type_of(option);
  OptionText text{
      .name = option.nonpositional() ? option.get_name(false, true) : option.get_name(true, false),
      .type = option.nonpositional() ? type.name : "",
      .description = option.get_description(),
      .notes = {},
      .values = names_in(type.values)};
  text.takes_file = text.values.empty() && is_file(option.nonpositional() ? type.name : text.name);
  if (!text.values.empty())
    text.notes.push_back(CLI::detail::join(text.values, ", "));
  else if (!type.values.empty())
    text.notes.push_back(type.values);
  const std::string preset = option.get_default_str();
  if (!preset.empty() && preset != "\"\"") text.notes.push_back("default " + preset);
  if (option.nonpositional() && option.get_required()) text.notes.emplace_back("required");
  for (const CLI::Option* needed : option.get_needs()) text.notes.push_back("with " + needed->get_name());
  for (const CLI::Option* excluded : option.get_excludes())
    text.notes.push_back("not with " + excluded->get_name());
  return text;
}

std::vector<OptionGroup> option_groups(const CLI::App& command) {
  std::vector<OptionGroup> groups;
  for (const std::string& heading : command.get_groups()) {
    const auto options = command.get_options(
        [&](const CLI::Option* option) { return option->get_group() == heading && option->nonpositional(); });
    if (!heading.empty() && !options.empty()) groups.push_back({heading, options});
  }
  return groups;
}

std::vector<const CLI::Option*> positionals_of(const CLI::App& command) {
  return command.get_options([](const CLI::Option* option) { return option->get_positional(); });
}

std::vector<CommandGroup> command_groups(const CLI::App& app) {
  std::vector<CommandGroup> groups;
  for (const CLI::App* command : app.get_subcommands({})) {
    const auto found = std::find_if(groups.begin(), groups.end(), [&](const CommandGroup& group) {
      return group.heading == command->get_group();
    });
    if (found == groups.end())
      groups.push_back({command->get_group(), {command}});
    else
      found->commands.push_back(command);
  }
  return groups;
}

std::string usage_of(const CLI::App& command) {
  const CLI::App* const parent = command.get_parent();
  std::string usage = parent == nullptr ? command.get_name() : parent->get_name() + " " + command.get_name();
  if (!command.get_subcommands({}).empty()) usage += " COMMAND";
  for (const CLI::Option* positional : positionals_of(command)) {
    std::string name = positional->get_name(true, false);
    if (positional->get_expected_max() > 1) name += "...";
    usage += positional->get_required() ? " " + name : " [" + name + "]";
  }
  for (const CLI::Option* option : command.get_options())
    if (option->nonpositional() && option->get_required())
      usage += " " +
               (option->get_snames().empty() ? "--" + option->get_lnames().front()
                                             : "-" + option->get_snames().front()) +
               " " + text_of(*option).type;
  return usage + " [options]";
}

bool takes_value(const CLI::Option& option) { return option.get_items_expected_min() > 0; }

}  // namespace tugline
