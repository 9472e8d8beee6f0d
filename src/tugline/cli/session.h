// What the commands that run a model have in common: finding its files, and loading them onto the CPU.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "tugline/backend/backend.h"
#include "tugline/model/model.h"
#include "tugline/text/tokenizer.h"

namespace tugline {

// The tokenizer of a model directory or GGUF file.
[[nodiscard]] Tokenizer load_tokenizer(const ModelSource& source);

// "auto", "always" or "never"; "predicting" or "following". The options' own validators have let nothing else through.
[[nodiscard]] BosPolicy parse_bos(const std::string& name);

struct LoadedModel {
  std::unique_ptr<Backend> backend;
  std::unique_ptr<Model> model;
};
// Says on stderr what it loads. `threads` 0: as many as the machine has.
[[nodiscard]] LoadedModel load_model(const ModelSource& source, int threads);

}  // namespace tugline
