#include "tugline/cli/command_line.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tugline/cli/analyze_command.h"
#include "tugline/cli/doctor_command.h"
#include "tugline/cli/dose_command.h"
#include "tugline/cli/export_command.h"
#include "tugline/cli/fetch_command.h"
#include "tugline/cli/help_text.h"
#include "tugline/cli/inspect_command.h"
#include "tugline/cli/merge_command.h"
#include "tugline/cli/plot_command.h"
#include "tugline/cli/report_command.h"
#include "tugline/cli/standard_output.h"
#include "tugline/cli/suggestion.h"
#include "tugline/cli/summary_command.h"
#include "tugline/cli/sweep_command.h"
#include "tugline/cli/tug_command.h"
#include "tugline/cli/vectors_command.h"
#include "tugline/core/error.h"
#include "tugline/core/version.h"

namespace tugline {
namespace {

using Arguments = std::vector<std::string>;

// At most a line of what the user typed.
std::string quoted(const std::string& text) {
  constexpr size_t kMost = 80;
  return "'" + (text.size() > kMost ? text.substr(0, kMost) + "..." : text) + "'";
}

// Messages are about the command, so that they begin with its name.
void check_argument_is_option(const CLI::App& command, const std::string& name) {
  if (command.get_option_no_throw(name) != nullptr) return;
  std::vector<std::string> known;
  for (const CLI::Option* option : command.get_options())
    for (const std::string& longer : option->get_lnames()) known.push_back("--" + longer);
  const std::string typed = name.starts_with("--") ? name : "-" + name;  // -layers
  fail(ErrorCode::kUsage, "{}: there is no option {}{} (tugline {} --help lists them)", command.get_name(),
       quoted(name), suggestion_for(typed, known), command.get_name());
}

// The parser reads an option that it does not know as a positional argument and may complain of anything that
// follows from that, so options are looked at first, in the order in which they were typed.
void check_options_are_known(const CLI::App& command, const Arguments& arguments) {
  for (size_t i = 0; i < arguments.size(); ++i) {
    const std::string& argument = arguments[i];
    if (argument == "--") return;
    if (argument.size() < 2 || argument[0] != '-') continue;
    const bool is_long = argument[1] == '-';
    const std::string name = is_long ? argument.substr(0, argument.find('=')) : argument.substr(0, 2);
    if (!is_long && command.get_option_no_throw(name) == nullptr) check_argument_is_option(command, argument);
    check_argument_is_option(command, name);
    const bool has_value_in_it = name.size() < argument.size();
    if (!has_value_in_it && command.get_option(name)->get_items_expected_min() > 0)
      ++i;  // the next is its value
  }
}

class CommandLine {
 public:
  explicit CommandLine(const std::string& typed) {
    app_.formatter(std::make_shared<HelpFormatter>());
    app_.set_version_flag("-V,--version", std::string(kVersion));
    app_.require_subcommand(1);
    add_sweep_command(app_, typed);
    add_tug_command(app_);
    add_vectors_command(app_);
    add_summary_command(app_);
    add_analyze_command(app_);
    add_dose_command(app_);
    add_plot_command(app_);
    add_report_command(app_);
    add_export_command(app_);
    add_merge_command(app_);
    add_inspect_command(app_);
    add_fetch_command(app_);
    add_doctor_command(app_);
    app_.footer("tugline help COMMAND, or tugline COMMAND --help, shows a command's options and examples.");
  }

  void run(const Arguments& arguments) {
    if (arguments.empty())
      fail(ErrorCode::kUsage, "give a command: {} (tugline help says more)", fmt::join(names(), ", "));
    if (arguments.front() == "help") return help({arguments.begin() + 1, arguments.end()});
    if (!arguments.front().starts_with('-')) {
      check_options_are_known(command(arguments.front()), {arguments.begin() + 1, arguments.end()});
    } else if (app_.get_option_no_throw(arguments.front()) == nullptr) {
      fail(ErrorCode::kUsage,
           "{} is no option of tugline itself; options come after the command: tugline COMMAND {} ...",
           quoted(arguments.front()), quoted(arguments.front()));
    }
    parse(arguments);
  }

 private:
  [[nodiscard]] std::vector<std::string> names() const {
    std::vector<std::string> names;
    for (const CLI::App* command : app_.get_subcommands({})) names.push_back(command->get_name());
    return names;
  }

  const CLI::App& command(const std::string& name) {
    const std::vector<std::string> known = names();
    if (std::find(known.begin(), known.end(), name) == known.end())
      fail(ErrorCode::kUsage, "there is no command {}{} (tugline help lists them)", quoted(name),
           suggestion_for(name, known));
    return *app_.get_subcommand(name);
  }

  void help(const Arguments& about) {
    if (about.size() > 1) fail(ErrorCode::kUsage, "help: give at most one command, not {}", about.size());
    const bool is_of_all = about.empty() || about.front() == "help" || about.front().starts_with('-');
    write_to_standard_output(is_of_all ? app_.help() : command(about.front()).help(app_.get_name()));
  }

  void parse(const Arguments& arguments) {
    try {
      app_.parse(Arguments(arguments.rbegin(), arguments.rend()));  // the parser takes them from the end
    } catch (const CLI::CallForHelp&) {
      write_to_standard_output(app_.help());
    } catch (const CLI::CallForVersion&) {
      write_to_standard_output(std::string(kVersion) + "\n");
    } catch (const CLI::ParseError& e) {
      fail_to_parse(e);
    }
  }

  [[noreturn]] void fail_to_parse(const CLI::ParseError& e) const {
    const auto parsed = app_.get_subcommands();
    const std::string name = parsed.empty() ? "tugline" : parsed.front()->get_name();
    const std::vector<std::string> rest = app_.remaining(true);
    std::string what = e.what();
    if (dynamic_cast<const CLI::ExtrasError*>(&e) != nullptr && !rest.empty())
      what = quoted(rest.front()) + " is one argument too many";
    constexpr size_t kMost = 1000;  // the parser quotes values whole
    if (what.size() > kMost) what = what.substr(0, kMost) + "...";
    fail(ErrorCode::kUsage, "{}: {} (see tugline {} --help)", name, what, parsed.empty() ? "" : name);
  }

  CLI::App app_{
      "Measures how far small pushes on a language model's residual stream move its next-token "
      "distributions.",
      "tugline"};
};

}  // namespace

void run_command_line(int argc, char** argv) {
  const Arguments all(argv, argv + argc);
  CommandLine(fmt::format("{}", fmt::join(all, " "))).run({all.begin() + (argc > 0 ? 1 : 0), all.end()});
}

}  // namespace tugline
