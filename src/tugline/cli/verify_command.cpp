#include "tugline/cli/verify_command.h"

#include <fmt/format.h>

#include <memory>
#include <string>

#include "tugline/api/verify.h"
#include "tugline/cli/error_text.h"
#include "tugline/cli/interrupt.h"
#include "tugline/cli/number_options.h"
#include "tugline/cli/output_check.h"
#include "tugline/cli/progress.h"
#include "tugline/cli/repeat_arguments.h"
#include "tugline/cli/session.h"
#include "tugline/cli/standard_output.h"
#include "tugline/core/error.h"
#include "tugline/core/plural.h"

namespace tugline {
namespace {

struct Options {
  std::string store = {};
  RepeatArguments repeat = {};
  VerifySettings settings = {};
  bool measures_again = false;  // --sample without MODEL: the store's
  bool json = false;
};

Watch watch_with(ProgressLine& line) {
  Watch watch = watch_on_stderr();
  watch.progress = [&line](const CallProgress& progress) { line.show(progress); };
  return watch;
}

Verification verification_of(const Options& options, const RunStore& run) {
  Verification verification;
  {
    ProgressLine line;
    verification = verify_store(run, watch_with(line));
    line.end();
  }
  if (!options.measures_again) return verification;
  RepeatArguments repeat = options.repeat;
  complete(repeat, run);
  const LanguageModel model = load_again(repeat, run);
  ProgressLine line;
  verify_sample(run, options.settings, model, data_source(repeat.data), watch_with(line), verification);
  line.end();
  return verification;
}

void run_verify(const Options& options) {
  check_standard_output({options.store, options.repeat.data.path});
  const RunStore run = RunStore::open_read_only(options.store);
  watch_interrupts();
  catch_interrupts();
  const Verification verification = verification_of(options, run);
  write_to_standard_output(options.json ? verify_json(verification, options.store)
                                        : verify_text(verification, options.store));
  if (const int64_t faults = verification.faults(); faults > 0)
    throw FoundFault(fmt::format("{}: {}", options.store, counted(faults, "fault")));
}

}  // namespace

void add_verify_command(CLI::App& app) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand(
      "verify", "Check a run store: the file, its counts and values, and some of its numbers again");
  command->add_option("RUN.db", options->store, "Run store made by tugline sweep")->required();
  add_repeat_arguments(*command, options->repeat);
  CLI::Option* sample =
      command
          ->add_option(
              "--sample", options->settings.sample,
              "How many units, chosen at random, are measured again and compared (default 8, if MODEL is "
              "given)")
          ->check(integer_from(1, int64_t{1} << 40));
  command->add_option("--seed", options->settings.seed, "Seed of the choice (default 42)")
      ->check(seed_number());
  command->add_flag("--json", options->json, "Print one JSON object in place of the text");
  command->footer(
      "Examples:\n"
      "  tugline verify run.db\n"
      "  tugline verify run.db model.gguf data.json --sample 20\n"
      "  tugline verify run.db --sample 20 --json\n"
      "With --sample alone, the model and the data are those that the store names. The same program with as "
      "many threads on the same kind of CPU computes the same bits; otherwise the numbers are compared "
      "within "
      "the bound of the audit. The exit status is 4 if something is wrong, and 2 if the store cannot be "
      "read.");
  command->callback([options, sample] {
    options->measures_again = sample->count() > 0 || !options->repeat.model.empty();
    run_verify(*options);
  });
}

}  // namespace tugline
