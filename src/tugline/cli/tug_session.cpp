#include "tugline/cli/tug_session.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <chrono>

#include "tugline/cli/help_text.h"
#include "tugline/cli/option_text.h"
#include "tugline/cli/parse_arguments.h"
#include "tugline/cli/progress.h"
#include "tugline/cli/session.h"
#include "tugline/cli/standard_output.h"
#include "tugline/cli/terminal.h"
#include "tugline/cli/words.h"
#include "tugline/core/error.h"
#include "tugline/core/suggestion.h"

namespace tugline {
namespace {

struct SessionCommand {
  const char* name;
  const char* description;
};
constexpr std::array<SessionCommand, 6> kSessionCommands{
    {{"tug", "Push as the options say; a line that begins with an option does the same"},
     {"set", "Keep options for the lines that follow; without options: show what is kept"},
     {"unset", "Forget the named options, or all"},
     {"help", "Show this"},
     {"quit", "End the session; Ctrl-D does too"},
     {"exit", "End the session"}}};

// Options of which a line has one: a line's own replaces a kept one of the same group.
const std::vector<std::vector<std::string>> kAlternatives{{"--text", "--text-file", "--ids", "--data"},
                                                          {"--span", "--sentence", "--every-sentence"},
                                                          {"--directions", "--direction-file"}};

// A line's options, and what they were parsed into.
struct LineParser {
  CLI::App app{"A line pushes in a text, as tugline tug does.", "line"};
  TugArguments arguments;
  LineParser() {
    app.set_help_flag();
    add_tug_options(app, arguments);
    // They belong to the model, which is loaded.
    for (const char* name : {"--precision", "--threads"}) app.remove_option(app.get_option(name));
  }
  LineParser(const LineParser&) = delete;
  LineParser& operator=(const LineParser&) = delete;
};

std::string name_in(const std::string& word) { return word.substr(0, word.find('=')); }

// Cuts a line's words into its options. Errors (kUsage): an option that there is not, a word that is none.
std::vector<std::vector<std::string>> options_in(const CLI::App& app, const std::vector<std::string>& words) {
  check_options_are_known(app, words, "help");
  std::vector<std::vector<std::string>> options;
  for (size_t i = 0; i < words.size(); ++i) {
    if (!words[i].starts_with("--"))
      fail(ErrorCode::kUsage, "{} is no option: a line has options, such as --sentence 'So it is.'",
           quoted(words[i]));
    options.push_back({words[i]});
    const CLI::Option* option = app.get_option(name_in(words[i]));
    const bool has_value_in_it = words[i].find('=') != std::string::npos;
    if (takes_value(*option) && !has_value_in_it && i + 1 < words.size())
      options.back().push_back(words[++i]);
  }
  return options;
}

bool is_of(const std::vector<std::string>& group, const std::string& name) {
  return std::find(group.begin(), group.end(), name) != group.end();
}

// Whether a line with the option `given` does without the kept option `kept`.
bool replaces(const std::string& given, const std::string& kept) {
  if (given == kept) return true;
  if (given.starts_with("--text") || given == "--ids")
    if (kept == "--example" || kept == "--field") return true;
  return std::any_of(kAlternatives.begin(), kAlternatives.end(),
                     [&](const auto& group) { return is_of(group, given) && is_of(group, kept); });
}

}  // namespace

TugSession::TugSession(TugModel facts, LanguageModel model, PushArguments loaded_with)
    : facts_(std::move(facts)), model_(std::move(model)), loaded_with_(std::move(loaded_with)) {}

SessionState TugSession::run(const std::vector<std::string>& words) {
  if (words.empty()) return SessionState::kGoesOn;
  const std::string& first = words.front();
  const std::vector<std::string> rest(words.begin() + 1, words.end());
  if (first == "quit" || first == "exit") return SessionState::kEnds;
  if (first.starts_with("-")) {
    tug(words);
  } else if (first == "tug") {
    tug(rest);
  } else if (first == "set") {
    rest.empty() ? show() : set(rest);
  } else if (first == "unset") {
    unset(rest);
  } else if (first == "help") {
    LineParser line;
    std::string text = HelpFormatter(help_width(columns_of_standard_output()))
                           .make_help(&line.app, "", CLI::AppFormatMode::Normal);
    text += "\nBesides:\n";
    for (const SessionCommand& command : kSessionCommands)
      text += fmt::format("  {:<26}{}\n", command.name, command.description);
    write_to_standard_output(text);
  } else {
    std::vector<std::string> known;
    for (const SessionCommand& command : kSessionCommands) known.emplace_back(command.name);
    fail(ErrorCode::kUsage, "there is no {}{} (a line is options of a tug, or one of {})", quoted(first),
         suggestion_for(first, known), fmt::join(known, ", "));
  }
  return SessionState::kGoesOn;
}

void TugSession::tug(const std::vector<std::string>& words) {
  LineParser line;
  std::vector<std::string> all;
  const std::vector<GivenOption> given = options_in(line.app, words);
  for (const GivenOption& kept : kept_) {
    const bool is_replaced = std::any_of(given.begin(), given.end(), [&](const GivenOption& option) {
      return replaces(name_in(option.front()), name_in(kept.front()));
    });
    if (!is_replaced) all.insert(all.end(), kept.begin(), kept.end());
  }
  all.insert(all.end(), words.begin(), words.end());
  try {
    line.app.parse(std::vector<std::string>(all.rbegin(), all.rend()));  // the parser takes them from the end
  } catch (const CLI::ParseError& e) {
    fail_to_parse(e, line.app.remaining(), "line", "help");
  }
  line.arguments.push.precision = loaded_with_.precision;
  for (const auto& path : {line.arguments.text_file, line.arguments.data.path})
    if (path == "-") fail(ErrorCode::kUsage, "-: standard input has the session's lines; give a file");
  TugJob job = prepared_tug(line.arguments, text_arguments(line.app, line.arguments), facts_);
  static constexpr std::chrono::seconds kPatience{1};  // what is done sooner needs no word of how far it is
  const auto start = std::chrono::steady_clock::now();
  ProgressLine progress;
  Watch watch = watch_on_stderr();
  watch.progress = [&progress, start](const CallProgress& now) {
    if (std::chrono::steady_clock::now() - start > kPatience) progress.show(now);
  };
  const TugResult result = measured_tug(std::move(job), facts_, model_, watch);
  progress.end();
  print_tug(line.arguments, result);
}

void TugSession::set(const std::vector<std::string>& words) {
  LineParser line;
  const std::vector<GivenOption> given = options_in(line.app, words);
  try {
    line.app.parse(std::vector<std::string>(words.rbegin(), words.rend()));
  } catch (const CLI::RequiresError&) {
    // What it goes with may be kept already, or be in a later line.
  } catch (const CLI::ParseError& e) {
    fail_to_parse(e, line.app.remaining(), "set", "help");
  }
  for (const GivenOption& option : given) {
    std::erase_if(kept_, [&](const GivenOption& kept) {
      return replaces(name_in(option.front()), name_in(kept.front()));
    });
    kept_.push_back(option);
  }
}

void TugSession::unset(const std::vector<std::string>& names) {
  if (names.empty()) kept_.clear();
  for (const std::string& name : names) {
    const size_t before = kept_.size();
    std::erase_if(kept_, [&](const GivenOption& kept) { return name_in(kept.front()) == name; });
    if (kept_.size() == before) {
      std::vector<std::string> known;
      for (const GivenOption& kept : kept_) known.push_back(name_in(kept.front()));
      fail(ErrorCode::kUsage, "unset: {} is not kept{}", quoted(name), suggestion_for(name, known));
    }
  }
}

void TugSession::show() const {
  std::string text;
  for (const GivenOption& kept : kept_) {
    std::vector<std::string> words;
    for (const std::string& word : kept) words.push_back(quoted_word(word));
    text += fmt::format("{}\n", fmt::join(words, " "));
  }
  write_to_standard_output(text);
}

Completion TugSession::complete(const std::vector<std::string>& words) const {
  LineParser line;
  const std::string& first = words.front();
  if (words.size() == 1 && !first.starts_with("-")) {
    Completion completion;
    for (const SessionCommand& command : kSessionCommands)
      if (std::string(command.name).starts_with(first))
        completion.candidates.push_back({command.name, command.description});
    return completion;
  }
  const bool is_named = !first.starts_with("-");
  return completion_of_arguments(line.app, {words.begin() + (is_named ? 1 : 0), words.end()});
}

}  // namespace tugline
