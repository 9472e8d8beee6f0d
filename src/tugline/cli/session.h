// Shared by the commands that run a model: finds its files and loads them onto the CPU.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "tugline/language_model.h"
#include "tugline/model/model.h"
#include "tugline/text/tokenizer.h"

namespace tugline {

// The tokenizer of a model directory or GGUF file. Prints its notes on stderr.
[[nodiscard]] Tokenizer load_tokenizer(const ModelSource& source);

// What calls on the library say goes to stderr; they stop at an interruption (cli/interrupt), with Error
// kInterrupted.
[[nodiscard]] Watch watch_on_stderr();

// The model's configuration, after every tensor's name, shape and type has been checked against it. Logs its
// warnings. Errors: what read_config throws.
[[nodiscard]] ModelConfig checked_config(const ModelSource& source);
// The same for a plan, which needs no weights. If the model has none, it says so and checks only the
// settings.
[[nodiscard]] ModelConfig planned_config(const ModelSource& source);

// Says on stderr what it loads, and the configuration's warnings.
[[nodiscard]] LanguageModel load_model(const ModelSource& source, const ModelOptions& options);

// The whole standard input, which is read once and kept. Errors (kIo): it cannot be read to its end.
[[nodiscard]] const std::string& standard_input();
// The text of --text-file; "-" is standard input. Errors: a file that cannot be read.
[[nodiscard]] std::string read_text_file(const std::string& path);

// Errors (kUsage), naming all of them, unless exactly one of the options was given, or at most one where
// `needed` is kNo.
enum class Needed { kNo, kYes };
void check_one_given(const CLI::App& command, const std::vector<std::string>& names, Needed needed);

}  // namespace tugline
