#include "tugline/cli/man_page.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <string_view>

#include "tugline/cli/option_text.h"
#include "tugline/core/version.h"

namespace tugline {
namespace {

// Text that roff prints as it is: a hyphen that can be copied, no character that begins a request.
std::string plain(std::string_view text) {
  std::string roff;
  for (const char c : text) {
    switch (c) {
      case '\\':
        roff += "\\e";
        break;
      case '-':
        roff += "\\-";
        break;
      case '\'':
        roff += "\\(aq";
        break;
      case '~':
        roff += "\\(ti";
        break;
      case '^':
        roff += "\\(ha";
        break;
      case '`':
        roff += "\\(ga";
        break;
      default:
        roff += c;
    }
  }
  if (roff.starts_with('.')) roff.insert(0, "\\&");
  return roff;
}

std::string upper(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::toupper(c); });
  return text;
}

std::string bold(const std::string& text) { return "\\fB" + plain(text) + "\\fR"; }
std::string italic(const std::string& text) { return "\\fI" + plain(text) + "\\fR"; }

std::string beginning(const std::string& name, const std::string& description) {
  return fmt::format(".TH {} 1 \"\" \"tugline {}\" \"tugline\"\n.SH NAME\n{} \\- {}\n", upper(plain(name)),
                     kVersion, plain(name), plain(description));
}

// Bold up to the first argument.
std::string synopsis(const std::string& usage, const std::string& name) {
  const std::string rest = usage.substr(std::min(name.size(), usage.size()));
  return ".SH SYNOPSIS\n" + bold(name) + plain(rest) + "\n";
}

std::string entry(const CLI::Option& option) {
  const OptionText text = text_of(option);
  std::string head = option.nonpositional() ? bold(text.name) : italic(text.name);
  if (!text.type.empty()) head += " " + italic(text.type);
  std::string body = plain(text.description);
  if (!text.notes.empty()) body += plain(" [" + CLI::detail::join(text.notes, "; ") + "]");
  return ".TP\n" + head + "\n" + body + "\n";
}

// A footer: lines that begin with a space are examples, and stay as they are.
std::string footer(const std::string& text) {
  std::string roff;
  bool is_example = false;
  bool has_notes = false;
  for (const std::string& line : CLI::detail::split(text, '\n')) {
    const bool begins_with_space = line.starts_with(' ');
    if (line == "Examples:") {
      roff += ".SH EXAMPLES\n";
      continue;
    }
    if (begins_with_space && !is_example) roff += ".nf\n";
    if (!begins_with_space && is_example) {
      roff += has_notes ? ".fi\n.PP\n" : ".fi\n.SH NOTES\n";
      has_notes = true;
    }
    is_example = begins_with_space;
    roff += plain(begins_with_space ? line.substr(2) : line) + "\n";
  }
  return is_example ? roff + ".fi\n" : roff;
}

std::string options(const CLI::App& command) {
  std::string roff;
  if (const auto positionals = positionals_of(command); !positionals.empty()) {
    roff += ".SH ARGUMENTS\n";
    for (const CLI::Option* option : positionals) roff += entry(*option);
  }
  roff += ".SH OPTIONS\n";
  for (const OptionGroup& group : option_groups(command)) {
    if (group.heading != "Options") roff += ".SS " + plain(group.heading) + "\n";
    for (const CLI::Option* option : group.options) roff += entry(*option);
  }
  return roff;
}

constexpr std::string_view kExitStatus =
    ".SH EXIT STATUS\n"
    ".TP\n0\ndone\n"
    ".TP\n1\na fault of tugline itself\n"
    ".TP\n2\nsomething is wrong with the arguments, the files or the system; the message says what\n"
    ".TP\n3\nthere is nothing to measure\n"
    ".TP\n130\ninterrupted\n";

constexpr std::string_view kEnvironment =
    ".SH ENVIRONMENT\n"
    ".TP\n.B NO_COLOR\nIf it is set and not empty, nothing is coloured.\n"
    ".TP\n.B OMP_NUM_THREADS\nHow many threads compute, if \\-\\-threads is not given.\n"
    ".TP\n.B HF_HOME\\fR, \\fBHF_HUB_CACHE\\fR, \\fBHF_TOKEN\\fR, \\fBHF_HUB_OFFLINE\nThe hub\\(aqs cache "
    "and access to it.\n"
    ".TP\n.B XDG_STATE_HOME\nThe folder of the history of\n.BR tugline\\-repl (1).\n";

}  // namespace

std::string man_page(const CLI::App& command) {
  const std::string program = command.get_parent()->get_name();
  return beginning(program + "-" + command.get_name(), command.get_description()) +
         synopsis(usage_of(command), program + " " + command.get_name()) + ".SH DESCRIPTION\n" +
         plain(command.get_description()) + ".\n" + options(command) + footer(command.get_footer()) +
         std::string(kExitStatus) + ".SH SEE ALSO\n.BR " + plain(program) + " (1)\n";
}

std::string man_page_of_all(const CLI::App& app) {
  const std::string name = app.get_name();
  std::string roff = beginning(name, "measure how far small pushes move a language model\'s predictions") +
                     synopsis(usage_of(app), name) + ".SH DESCRIPTION\n" + plain(app.get_description()) +
                     "\n.SH COMMANDS\n";
  for (const CommandGroup& group : command_groups(app)) {
    roff += ".SS " + plain(group.heading) + "\n";
    for (const CLI::App* command : group.commands)
      roff += ".TP\n.BR " + plain(name + "-" + command->get_name()) + " (1)\n" +
              plain(command->get_description()) + "\n";
  }
  return roff + options(app) + std::string(kExitStatus) + std::string(kEnvironment);
}

}  // namespace tugline
