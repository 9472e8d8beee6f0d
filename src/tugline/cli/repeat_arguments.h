// The arguments of the commands that measure a run again: its model and data, in place of those that the
// store names.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "tugline/api/rerun.h"
#include "tugline/cli/data_arguments.h"
#include "tugline/language_model.h"
#include "tugline/store/run_store.h"

namespace tugline {

struct RepeatArguments {
  std::string model = {};  // empty: the store's
  DataArguments data = {};
  int threads = 0;  // 0: as many as the run had
};

// Adds MODEL, DATA, --field and --threads.
void add_repeat_arguments(CLI::App& command, RepeatArguments& arguments);

// Fills in what was left out from the store. Errors (kUsage): it has no model or no data in a file.
void complete(RepeatArguments& arguments, const RunStore& run);

// The model in the run's precision.
[[nodiscard]] LanguageModel load_again(const RepeatArguments& arguments, const RunStore& run);

}  // namespace tugline
