// What the commands that run a model have in common: finding its files, and loading them onto the CPU.
#pragma once

#include <CLI/CLI.hpp>
#include <memory>
#include <string>

#include "tugline/backend/backend.h"
#include "tugline/model/model.h"
#include "tugline/model/site.h"
#include "tugline/text/tokenizer.h"

namespace tugline {

// The tokenizer of a model directory or GGUF file. Says its notes on stderr.
[[nodiscard]] Tokenizer load_tokenizer(const ModelSource& source);

// Says on stderr that texts begin with the BOS and have another put in front, if `count` of `texts` do.
void warn_of_two_bos(const Tokenizer& tokenizer, int64_t count, int64_t texts);

// "auto", "always" or "never": the option's own validator has let nothing else through.
[[nodiscard]] BosPolicy parse_bos(const std::string& name);

// "resid_pre", "resid_mid" or "resid_post", likewise.
[[nodiscard]] Hook parse_hook(const std::string& name);

// The model's configuration, after every tensor's name, shape and type has been checked against it. Logs its warnings.
// Errors: what read_config throws.
[[nodiscard]] ModelConfig checked_config(const ModelSource& source);
// The same for a plan, which needs no weights: if there are none at all, says so and checks the settings only.
[[nodiscard]] ModelConfig planned_config(const ModelSource& source);

struct LoadedModel {
  std::unique_ptr<Backend> backend;
  std::unique_ptr<Model> model;
};
// Says on stderr what it loads, and where the CPU cannot compute in the precision that was asked for: then backend->precision() is
// what it does instead. What it runs stops at an interruption (cli/interrupt), with Error kInterrupted.
[[nodiscard]] LoadedModel load_model(const ModelSource& source, CpuBackendOptions options);
// The same model for the audit: on the reference backend, which reads weights from the files as it needs them.
[[nodiscard]] LoadedModel load_exact_model(const ModelSource& source);

// All of standard input, which is read once and kept. Errors (kIo): it cannot be read to its end.
[[nodiscard]] const std::string& standard_input();
// The text of --text-file; "-" is standard input. Errors: a file that cannot be read.
[[nodiscard]] std::string read_text_file(const std::string& path);

// Errors (kUsage), naming all of them, unless exactly one of the options was given, or at most one where `needed` is kNo.
enum class Needed { kNo, kYes };
void check_one_given(const CLI::App& command, const std::vector<std::string>& names, Needed needed);

}  // namespace tugline
