#include "tugline/cli/repeat_arguments.h"

#include <filesystem>

#include "tugline/cli/model_argument.h"
#include "tugline/cli/number_options.h"
#include "tugline/cli/session.h"
#include "tugline/core/error.h"
#include "tugline/core/file_status.h"

namespace tugline {

void add_repeat_arguments(CLI::App& command, RepeatArguments& arguments) {
  command.add_option("MODEL", arguments.model, "The run's model (default: where the store says that it was)");
  command.add_option("DATA", arguments.data.path, "The dataset that the run measured (default: likewise)");
  add_field_option(command, arguments.data);
  command
      .add_option("--threads", arguments.threads,
                  "How many threads compute; by default as many as in the run, because another number may "
                  "change last digits")
      ->check(integer_from(1, 4096));
}

void complete(RepeatArguments& arguments, const RunStore& run) {
  const RerunInputs inputs = rerun_inputs(run);
  if (arguments.model.empty()) arguments.model = inputs.model;
  if (arguments.model.empty())
    fail(ErrorCode::kUsage, "MODEL is missing: {} does not say which model the run had", run.path().string());
  if (arguments.threads == 0) arguments.threads = inputs.threads;
  if (!arguments.data.path.empty()) return;
  arguments.data.path = inputs.data;
  if (arguments.data.fields.empty()) arguments.data.fields = inputs.fields;
  if (!is_there(arguments.data.path))
    fail(ErrorCode::kUsage,
         "DATA is missing: the run measured '{}', which is no file here; give the dataset after MODEL",
         arguments.data.path);
}

LanguageModel load_again(const RepeatArguments& arguments, const RunStore& run) {
  return load_model(find_model(arguments.model),
                    {.precision = rerun_inputs(run).precision, .threads = arguments.threads});
}

}  // namespace tugline
