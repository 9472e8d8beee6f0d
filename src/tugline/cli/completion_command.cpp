#include "tugline/cli/completion_command.h"

#include <memory>
#include <string>

#include "tugline/cli/completion_scripts.h"
#include "tugline/cli/name_options.h"
#include "tugline/cli/standard_output.h"

namespace tugline {

void add_completion_command(CLI::App& app) {
  auto shell = std::make_shared<std::string>();
  CLI::App* command = app.add_subcommand(
      "completion", "Print a script that completes commands, options and their values in a shell");
  command->add_option("SHELL", *shell, "The shell: bash, zsh or fish")
      ->required()
      ->check(one_of({"bash", "zsh", "fish"}));
  command->footer(
      "Examples:\n"
      "  source <(tugline completion bash)\n"
      "  tugline completion bash > ~/.local/share/bash-completion/completions/tugline\n"
      "  tugline completion zsh > ~/.zfunc/_tugline\n"
      "  tugline completion fish > ~/.config/fish/completions/tugline.fish\n"
      "make install puts them in their places. The scripts ask tugline completion --words WORD... what "
      "fits.");
  command->callback([shell] {
    const Shell chosen = *shell == "bash" ? Shell::kBash : *shell == "zsh" ? Shell::kZsh : Shell::kFish;
    write_to_standard_output(completion_script(chosen));
  });
}

}  // namespace tugline
