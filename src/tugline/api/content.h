// What a Transcript's handles share.
#pragma once

#include "tugline/api/running_text.h"
#include "tugline/language_model.h"

namespace tugline {

struct Transcript::Content {
  RunningText running = {};
  Tokens tokens = {};  // of it; pieces are empty if it was given as ids and the model has no tokenizer
};

[[nodiscard]] Transcript transcript_of(const LanguageModel& model, RunningText running);

}  // namespace tugline
