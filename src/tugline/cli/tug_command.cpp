#include "tugline/cli/tug_command.h"

#include <memory>

#include "tugline/cli/model_argument.h"
#include "tugline/cli/session.h"
#include "tugline/cli/tug_arguments.h"
#include "tugline/cli/tug_job.h"

namespace tugline {
namespace {

void run(const std::string& name, const TugArguments& arguments, const TextArguments& text) {
  TugModel facts{.source = find_model(name)};
  facts.config = read_config(facts.source);
  TugJob job = prepared_tug(arguments, text, facts);
  const LanguageModel model = load_model(facts.source, model_options(arguments.push));
  print_tug(arguments, measured_tug(std::move(job), facts, model, watch_on_stderr()));
}

}  // namespace

void add_tug_command(CLI::App& app) {
  auto arguments = std::make_shared<TugArguments>();
  auto model = std::make_shared<std::string>();
  CLI::App* command = app.add_subcommand(
      "tug", "Push at one span or every sentence of one text, and show the KL; stores nothing");
  command->add_option("MODEL", *model, kModelHelp)->required();
  add_tug_options(*command, *arguments);
  command->footer(
      "Examples:\n"
      "  tugline tug model.gguf --text-file trace.txt --sentence 'So the total is 12.' --layers 10,20\n"
      "  tugline tug model.gguf --text 'Two and two make four.' --span 3:6 --epsilons 0:10:11\n"
      "  tugline tug model.gguf --data examples/traces.json --example 3 --layers 20 --moved-tokens 3\n"
      "  tugline tug model.gguf --text-file - --every-sentence < trace.txt\n"
      "  tugline tug model.gguf --ids 504,2365,282,4649,314,7042 --bos never --span 4:6 --json\n"
      "If stdout is not a terminal, or NO_COLOR is set, the tokens are listed with their KL.");
  command->callback(
      [command, arguments, model] { run(*model, *arguments, text_arguments(*command, *arguments)); });
}

}  // namespace tugline
