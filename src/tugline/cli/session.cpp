#include "tugline/cli/session.h"

#include <fmt/ranges.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>
#include <cstdio>

#include "tugline/api/engine.h"
#include "tugline/api/warn.h"
#include "tugline/cli/interrupt.h"
#include "tugline/core/error.h"
#include "tugline/core/whole_file.h"

namespace tugline {

Tokenizer load_tokenizer(const ModelSource& source) {
  Tokenizer tokenizer = read_tokenizer(source);
  warn_of_notes(tokenizer, watch_on_stderr());
  return tokenizer;
}

Watch watch_on_stderr() {
  return {.warn = [](const std::string& sentence) { spdlog::warn("{}", sentence); },
          .inform = [](const std::string& sentence) { spdlog::info("{}", sentence); },
          .keep_going = [] { return !interrupted(); }};
}

ModelConfig checked_config(const ModelSource& source) {
  ModelConfig config = read_config(source);
  for (const std::string& warning : config.warnings) spdlog::warn("{}", warning);
  return config;
}

ModelConfig planned_config(const ModelSource& source) {
  if (source.has_weights()) return checked_config(source);
  spdlog::warn("{}: there are no weights, so only the settings are checked", source.path.string());
  ModelConfig config = stated_config(source);
  for (const std::string& warning : config.warnings) spdlog::warn("{}", warning);
  return config;
}

LanguageModel load_model(const ModelSource& source, const ModelOptions& options) {
  const auto start = std::chrono::steady_clock::now();
  LanguageModel model = load_language_model(source, options, watch_on_stderr());
  const ModelInfo& info = model.info();
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  spdlog::info("{}: {}, {} layers of width {}, vocabulary {}, loaded in {:.1f} s", info.name,
               info.architecture, info.layers, info.d_model, info.vocabulary, seconds);
  return model;
}

const std::string& standard_input() {
  static const std::string all = read_to_end(stdin, "standard input");
  return all;
}

std::string read_text_file(const std::string& path) {
  if (path == "-") return standard_input();
  return read_whole_file(path, "--text-file: " + path);
}

void check_one_given(const CLI::App& command, const std::vector<std::string>& names, Needed needed) {
  const auto given = std::count_if(names.begin(), names.end(),
                                   [&](const std::string& name) { return command.count(name) > 0; });
  if (given > 1 || (given == 0 && needed == Needed::kYes))
    fail(ErrorCode::kUsage, "{}: {} of {} is expected, {} given", command.get_name(),
         needed == Needed::kYes ? "one" : "at most one", fmt::join(names, ", "),
         given == 0 ? "none is" : fmt::format("{} are", given));
}

}  // namespace tugline
