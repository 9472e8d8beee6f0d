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
#include "tugline/cli/completion.h"
#include "tugline/cli/completion_command.h"
#include "tugline/cli/doctor_command.h"
#include "tugline/cli/dose_command.h"
#include "tugline/cli/export_command.h"
#include "tugline/cli/fetch_command.h"
#include "tugline/cli/help_groups.h"
#include "tugline/cli/help_text.h"
#include "tugline/cli/inspect_command.h"
#include "tugline/cli/man_command.h"
#include "tugline/cli/merge_command.h"
#include "tugline/cli/parse_arguments.h"
#include "tugline/cli/plot_command.h"
#include "tugline/cli/repl_command.h"
#include "tugline/cli/report_command.h"
#include "tugline/cli/rerun_command.h"
#include "tugline/cli/standard_output.h"
#include "tugline/cli/summary_command.h"
#include "tugline/cli/sweep_command.h"
#include "tugline/cli/terminal.h"
#include "tugline/cli/tug_command.h"
#include "tugline/cli/vectors_command.h"
#include "tugline/cli/verify_command.h"
#include "tugline/core/error.h"
#include "tugline/core/version.h"

namespace tugline {
namespace {

class CommandLine {
 public:
  explicit CommandLine(const std::string& typed) {
    app_.formatter(std::make_shared<HelpFormatter>(help_width(columns_of_standard_output())));
    app_.set_version_flag("-V,--version", std::string(kVersion));
    app_.require_subcommand(1);
    add_sweep_command(app_, typed);
    add_tug_command(app_);
    add_vectors_command(app_);
    add_summary_command(app_);
    add_analyze_command(app_);
    add_dose_command(app_, typed);
    add_plot_command(app_);
    add_report_command(app_);
    add_export_command(app_);
    add_merge_command(app_, typed);
    add_verify_command(app_);
    add_rerun_command(app_, typed);
    add_inspect_command(app_);
    add_fetch_command(app_);
    add_doctor_command(app_);
    add_repl_command(app_);
    add_completion_command(app_);
    add_man_command(app_);
    group_help(app_);
    app_.footer("tugline help COMMAND, or tugline COMMAND --help, shows a command's options and examples.");
  }

  void run(const Arguments& arguments) {
    if (arguments.empty())
      fail(ErrorCode::kUsage, "give a command: {} (tugline help says more)", fmt::join(names(), ", "));
    const std::string& first = arguments.front();
    const Arguments rest(arguments.begin() + 1, arguments.end());
    if (first == "help") return help(rest);
    if (first == "completion" && !rest.empty() && rest.front() == "--words")
      return write_to_standard_output(lines_of(completion_of(app_, {rest.begin() + 1, rest.end()})));
    if (!first.starts_with('-')) {
      check_options_are_known(command_named(app_, first), rest, fmt::format("tugline {} --help", first));
    } else if (app_.get_option_no_throw(first) == nullptr) {
      fail(ErrorCode::kUsage,
           "{} is no option of tugline itself; options come after the command: tugline COMMAND {} ...",
           quoted(first), quoted(first));
    }
    parse(arguments);
  }

 private:
  [[nodiscard]] std::vector<std::string> names() const {
    std::vector<std::string> names;
    for (const CLI::App* command : app_.get_subcommands({})) names.push_back(command->get_name());
    return names;
  }

  void help(const Arguments& about) {
    if (about.size() > 1) fail(ErrorCode::kUsage, "help: give at most one command, not {}", about.size());
    const bool is_of_all = about.empty() || about.front() == "help" || about.front().starts_with('-');
    write_to_standard_output(is_of_all ? app_.help()
                                       : command_named(app_, about.front()).help(app_.get_name()));
  }

  void parse(const Arguments& arguments) {
    try {
      app_.parse(Arguments(arguments.rbegin(), arguments.rend()));  // the parser takes them from the end
    } catch (const CLI::CallForHelp&) {
      write_to_standard_output(app_.help());
    } catch (const CLI::CallForVersion&) {
      write_to_standard_output(std::string(kVersion) + "\n");
    } catch (const CLI::ParseError& e) {
      const auto parsed = app_.get_subcommands();
      const std::string name = parsed.empty() ? "" : parsed.front()->get_name();
      fail_to_parse(e, app_.remaining(true), name.empty() ? "tugline" : name,
                    fmt::format("tugline {} --help", name));
    }
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
