// One tug of the command line: everything that can be wrong with it is found before the model's weights are
// needed; then it is measured.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tugline/cli/tug_arguments.h"
#include "tugline/cli/tug_result.h"
#include "tugline/language_model.h"
#include "tugline/text/tokenizer.h"

namespace tugline {

// What is known of a model without its weights.
struct TugModel {
  ModelSource source = {};
  ModelConfig config = {};
  std::optional<Tokenizer> tokenizer = {};  // read if it is needed
};

struct TugJob {
  RunningText text = {};
  std::vector<Span> spans = {};
  PushSettings settings = {};
  TugResult result;  // without what is measured
};

// Errors: kUsage and kInput for what is wrong with the arguments; those of reading the tokenizer if it is
// needed.
[[nodiscard]] TugJob prepared_tug(const TugArguments& arguments, const TextArguments& text, TugModel& model);

// Errors: those of tug_spans.
[[nodiscard]] TugResult measured_tug(TugJob job, const TugModel& facts, const LanguageModel& model,
                                     const Watch& watch);

// Prints the result as the arguments want it, on standard output.
void print_tug(const TugArguments& arguments, const TugResult& result);

}  // namespace tugline
