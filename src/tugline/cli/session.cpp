#include "tugline/cli/session.h"

#include <fmt/ranges.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>

#include "tugline/backend/machine.h"
#include "tugline/cli/interrupt.h"
#include "tugline/cli/terminal.h"
#include "tugline/core/error.h"
#include "tugline/files/gguf.h"

namespace tugline {
namespace {

bool keep_going() { return !interrupted(); }

}  // namespace

Tokenizer load_tokenizer(const ModelSource& source) {
  if (source.kind == ModelSource::Kind::kGguf) return Tokenizer::from_gguf(GgufFile::open(source.path));
  Tokenizer tokenizer = Tokenizer::from_json_file(source.tokenizer_json());
  for (const std::string& note : tokenizer.notes())
    spdlog::warn("{}. --bos always and --bos never overrule both", note);
  return tokenizer;
}

void warn_of_two_bos(const Tokenizer& tokenizer, int64_t count, int64_t texts) {
  if (count == 0) return;
  spdlog::warn(
      "{} begin{} with the BOS '{}' already and get{} another; take it out of the text, or give --bos never",
      texts == 1 ? "the text" : fmt::format("{} of {} texts", count, texts), count == 1 ? "s" : "",
      visible(tokenizer.token_bytes(*tokenizer.bos_id())), count == 1 ? "s" : "");
}

BosPolicy parse_bos(const std::string& name) {
  if (name == "always") return BosPolicy::kAlways;
  return name == "never" ? BosPolicy::kNever : BosPolicy::kAuto;
}

Hook parse_hook(const std::string& name) {
  if (name == "resid_pre") return Hook::kResidPre;
  return name == "resid_mid" ? Hook::kResidMid : Hook::kResidPost;
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

LoadedModel load_model(const ModelSource& source, CpuBackendOptions options) {
  const auto start = std::chrono::steady_clock::now();
  LoadedModel loaded;
  options.keep_going = keep_going;
  loaded.backend = make_cpu_backend(options);
  if (loaded.backend->precision() != options.precision)
    spdlog::warn("--precision {}: no fast bf16 products on this CPU, because {}; running {}",
                 name_of(options.precision), describe_machine().missing_bf16,
                 name_of(loaded.backend->precision()));
  loaded.model = std::make_unique<Model>(Model::load(source, *loaded.backend));
  const ModelConfig& config = loaded.model->config();
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  spdlog::info("{}: {}, {} layers of width {}, vocabulary {}, loaded in {:.1f} s", source.name,
               name_of(config.architecture), config.num_layers, config.hidden_size, config.vocab_size,
               seconds);
  return loaded;
}

LoadedModel load_exact_model(const ModelSource& source) {
  LoadedModel loaded;
  loaded.backend = make_reference_backend(keep_going);
  loaded.model = std::make_unique<Model>(Model::load(source, *loaded.backend));
  return loaded;
}

const std::string& standard_input() {
  static const std::string all = [] {
    std::string text{std::istreambuf_iterator<char>(std::cin), std::istreambuf_iterator<char>()};
    if (std::cin.bad()) fail(ErrorCode::kIo, "standard input: could not be read to its end");
    return text;
  }();
  return all;
}

std::string read_text_file(const std::string& path) {
  if (path == "-") return standard_input();
  std::ifstream file(path, std::ios::binary);
  std::error_code ignored;
  if (!file || std::filesystem::is_directory(path, ignored))
    fail(ErrorCode::kNotFound, "--text-file: {} cannot be read", path);
  std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  if (file.bad()) fail(ErrorCode::kIo, "--text-file: {} could not be read to its end", path);
  return text;
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
