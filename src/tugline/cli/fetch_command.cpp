#include "tugline/cli/fetch_command.h"

#include <fmt/format.h>

#include <memory>
#include <string>

#include "tugline/cli/interrupt.h"
#include "tugline/cli/model_argument.h"
#include "tugline/cli/standard_output.h"

namespace tugline {
namespace {

void run(const std::string& model) {
  watch_interrupts();
  catch_interrupts();
  write_to_standard_output(fmt::format("{}\n", fetch_by_name(model).string()));
}

}  // namespace

void add_fetch_command(CLI::App& app) {
  auto model = std::make_shared<std::string>();
  CLI::App* command = app.add_subcommand("fetch", "Download a model from the hub, and print its folder");
  command
      ->add_option(
          "ORG/NAME[@REVISION]", *model,
          "The model's name on the hub, with a branch, tag, commit or refs/pr/N after an @; without one, the "
          "main branch as it is now")
      ->required();
  command->footer(
      "Examples:\n"
      "  tugline fetch HuggingFaceTB/SmolLM2-135M-Instruct\n"
      "  tugline fetch HuggingFaceTB/SmolLM2-135M-Instruct@refs/pr/1\n"
      "The configuration, the tokenizer and the safetensors go into the hub's cache, which the hub's own "
      "tools share. A "
      "download that was cut off goes on where it stopped. "
      "HF_ENDPOINT, HF_HOME, HF_HUB_CACHE, HF_TOKEN, HF_TOKEN_PATH, HF_HUB_OFFLINE and "
      "HF_HUB_DOWNLOAD_TIMEOUT mean "
      "what they mean to those.");
  command->callback([model] { run(*model); });
}

}  // namespace tugline
