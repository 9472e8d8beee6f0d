#include "tugline/cli/rerun_command.h"

#include <memory>

#include "tugline/api/rerun.h"
#include "tugline/cli/error_text.h"
#include "tugline/cli/interrupt.h"
#include "tugline/cli/output_check.h"
#include "tugline/cli/progress.h"
#include "tugline/cli/repeat_arguments.h"
#include "tugline/cli/session.h"
#include "tugline/cli/standard_output.h"
#include "tugline/core/error.h"
#include "tugline/store/field_names.h"

namespace tugline {
namespace {

struct Options {
  std::string store = {};
  std::string output = {};
  RepeatArguments repeat = {};
  std::string command_line = {};
  bool json = false;
};

void run_rerun(const Options& options) {
  check_standard_output({options.store, options.repeat.data.path});
  const RunStore run = RunStore::open_read_only(options.store);
  RepeatArguments repeat = options.repeat;
  complete(repeat, run);
  check_output(
      {.path = options.output, .kind = OutputKind::kRunStore, .inputs = {repeat.model, repeat.data.path}});
  watch_interrupts();
  const LanguageModel model = load_again(repeat, run);
  catch_interrupts();
  ProgressLine line;
  Watch watch = watch_on_stderr();
  watch.progress = [&line](const CallProgress& progress) { line.show(progress); };
  rerun(run, model, data_source(repeat.data), options.output,
        {{"model_path", repeat.model}, {field::kCommandLine, options.command_line}}, watch);
  line.end();
  const RunComparison comparison = compare_runs(run, RunStore::open_read_only(options.output), watch);
  write_to_standard_output(options.json ? comparison_json(comparison) : comparison_text(comparison));
  if (!comparison.is_within_bound())
    throw FoundFault(options.output + ": the numbers are not those of " + options.store);
}

}  // namespace

void add_rerun_command(CLI::App& app, const std::string& command_line) {
  auto options = std::make_shared<Options>();
  options->command_line = command_line;
  CLI::App* command = app.add_subcommand(
      "rerun", "Measure a run again from what its store says, and report every difference");
  command->add_option("RUN.db", options->store, "Run store made by tugline sweep")->required();
  add_repeat_arguments(*command, options->repeat);
  command
      ->add_option("-o,--output", options->output,
                   "The run store of the new run; one that is not finished goes on")
      ->type_name("NEW.db")
      ->required();
  command->add_flag("--json", options->json, "Print one JSON object in place of the text");
  command->footer(
      "Examples:\n"
      "  tugline rerun run.db -o again.db\n"
      "  tugline rerun run.db model.gguf data.json -o again.db --json\n"
      "It reports the settings, files, versions and facts of the machine that differ, and how far the "
      "numbers "
      "do. The exit status is 4 if they differ by more than two right computations may.");
  command->callback([options] { run_rerun(*options); });
}

}  // namespace tugline
