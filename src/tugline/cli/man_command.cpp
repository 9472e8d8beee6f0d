#include "tugline/cli/man_command.h"

#include <memory>
#include <string>

#include "tugline/cli/man_page.h"
#include "tugline/cli/parse_arguments.h"
#include "tugline/cli/standard_output.h"

namespace tugline {

void add_man_command(CLI::App& app) {
  auto name = std::make_shared<std::string>();
  CLI::App* command = app.add_subcommand("man", "Print the manual page of tugline or of a command");
  command->add_option("COMMAND", *name, "The command; without one, the page is about tugline itself");
  command->footer(
      "Examples:\n"
      "  tugline man sweep | man -l -\n"
      "The page is in the language of man(7). make install installs all of them: man tugline-sweep.");
  command->callback([&app, name] {
    write_to_standard_output(name->empty() ? man_page_of_all(app) : man_page(command_named(app, *name)));
  });
}

}  // namespace tugline
