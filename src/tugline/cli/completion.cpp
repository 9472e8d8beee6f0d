#include "tugline/cli/completion.h"

#include <algorithm>
#include <set>

#include "tugline/cli/option_text.h"

namespace tugline {
namespace {

void keep_beginning_with(const std::string& word, Completion& completion) {
  std::erase_if(completion.candidates,
                [&](const Candidate& candidate) { return !candidate.text.starts_with(word); });
}

Completion commands_of(const CLI::App& app) {
  Completion completion;
  for (const CLI::App* command : app.get_subcommands({}))
    completion.candidates.push_back({command->get_name(), command->get_description()});
  completion.candidates.push_back({"help", "Show a command's options and examples"});
  return completion;
}

// What an option or a positional argument may be given. In a list, the value after the last comma is
// completed.
Completion values_of(const CLI::Option& option, const std::string& word, const std::string& before) {
  const OptionText text = text_of(option);
  if (text.takes_file) return {.candidates = {}, .files = true, .before_file = before};
  const size_t comma = word.rfind(',');
  const std::string list = comma == std::string::npos ? "" : word.substr(0, comma + 1);
  Completion completion;
  for (const std::string& value : text.values) completion.candidates.push_back({before + list + value, ""});
  keep_beginning_with(before + word, completion);
  return completion;
}

bool is_repeatable(const CLI::Option& option) {
  return option.get_multi_option_policy() == CLI::MultiOptionPolicy::TakeAll || option.get_expected_max() > 1;
}

// The options that may still be given.
Completion options_of(const CLI::App& command, const std::set<const CLI::Option*>& given) {
  Completion completion;
  for (const CLI::Option* option : command.get_options()) {
    const auto excluded = option->get_excludes();
    const bool is_out = (given.contains(option) && !is_repeatable(*option)) ||
                        std::any_of(excluded.begin(), excluded.end(),
                                    [&](const CLI::Option* other) { return given.contains(other); });
    if (is_out || option->get_lnames().empty()) continue;
    completion.candidates.push_back({"--" + option->get_lnames().front(), option->get_description()});
  }
  return completion;
}

// The arguments before the one that is being written.
struct Before {
  std::set<const CLI::Option*> given = {};
  const CLI::Option* waiting = nullptr;  // an option whose value comes next
  size_t positionals = 0;
  bool only_positionals = false;  // after "--"
};

Before read_before(const CLI::App& command, const std::vector<std::string>& words) {
  Before before;
  for (size_t i = 0; i + 1 < words.size(); ++i) {
    const std::string& word = words[i];
    if (before.waiting != nullptr) {
      before.waiting = nullptr;
    } else if (before.only_positionals || word.size() < 2 || word[0] != '-') {
      ++before.positionals;
    } else if (word == "--") {
      before.only_positionals = true;
    } else {
      const std::string name = word[1] == '-' ? word.substr(0, word.find('=')) : word.substr(0, 2);
      const CLI::Option* option = command.get_option_no_throw(name);
      if (option == nullptr) continue;
      before.given.insert(option);
      if (takes_value(*option) && name.size() == word.size()) before.waiting = option;
    }
  }
  return before;
}

const CLI::Option* positional_at(const CLI::App& command, size_t number) {
  const auto positionals = positionals_of(command);
  if (number < positionals.size()) return positionals[number];
  if (!positionals.empty() && positionals.back()->get_expected_max() > 1) return positionals.back();
  return nullptr;
}

}  // namespace

Completion completion_of_arguments(const CLI::App& command, const std::vector<std::string>& words) {
  const std::string& word = words.back();
  const Before before = read_before(command, words);
  if (before.waiting != nullptr) return values_of(*before.waiting, word, "");
  if (!before.only_positionals && word.starts_with("--") && word.find('=') != std::string::npos) {
    const std::string name = word.substr(0, word.find('='));
    const CLI::Option* option = command.get_option_no_throw(name);
    if (option == nullptr || !takes_value(*option)) return {};
    return values_of(*option, word.substr(name.size() + 1), name + "=");
  }
  const CLI::Option* const positional = positional_at(command, before.positionals);
  const bool wants_option = word.starts_with('-') || (word.empty() && positional == nullptr);
  if (wants_option && !before.only_positionals) {
    Completion completion = options_of(command, before.given);
    keep_beginning_with(word, completion);
    return completion;
  }
  return positional == nullptr ? Completion{} : values_of(*positional, word, "");
}

Completion completion_of(const CLI::App& app, const std::vector<std::string>& words) {
  if (words.empty()) return {};
  const std::string& first = words.front();
  const bool is_help = first == "help" && words.size() == 2;
  if (words.size() == 1 || is_help) {
    Completion completion = first.starts_with('-') && !is_help ? options_of(app, {}) : commands_of(app);
    keep_beginning_with(words.back(), completion);
    return completion;
  }
  for (const CLI::App* command : app.get_subcommands({}))
    if (command->get_name() == first)
      return completion_of_arguments(*command, {words.begin() + 1, words.end()});
  return {};
}

std::string lines_of(const Completion& completion) {
  std::string lines;
  for (const Candidate& candidate : completion.candidates)
    lines += candidate.text + "\t" + candidate.description.substr(0, candidate.description.find('\n')) + "\n";
  return completion.files ? lines + ":files" + completion.before_file + "\n" : lines;
}

}  // namespace tugline
