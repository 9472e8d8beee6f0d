#include "tugline/cli/session.h"

#include <spdlog/spdlog.h>

#include <chrono>

#include "tugline/core/error.h"
#include "tugline/files/gguf.h"

namespace tugline {

Tokenizer load_tokenizer(const ModelSource& source) {
  if (source.kind == ModelSource::Kind::kGguf) return Tokenizer::from_gguf(GgufFile::open(source.path));
  return Tokenizer::from_json_file(source.tokenizer_json());
}

BosPolicy parse_bos(const std::string& name) {
  if (name == "always") return BosPolicy::kAlways;
  return name == "never" ? BosPolicy::kNever : BosPolicy::kAuto;
}

LoadedModel load_model(const ModelSource& source, int threads) {
  const auto start = std::chrono::steady_clock::now();
  LoadedModel loaded;
  loaded.backend = make_cpu_backend(threads);
  loaded.model = std::make_unique<Model>(Model::load(source, *loaded.backend));
  const ModelConfig& config = loaded.model->config();
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  spdlog::info("{}: {}, {} layers of width {}, vocabulary {}, loaded in {:.1f} s", source.name, name_of(config.architecture),
               config.num_layers, config.hidden_size, config.vocab_size, seconds);
  return loaded;
}

}  // namespace tugline
