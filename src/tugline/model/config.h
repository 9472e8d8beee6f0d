// What a decoder-only transformer looks like: the numbers of config.json or of GGUF metadata, checked. Anything that
// tugline does not compute is refused here, by name, before a weight is read.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tugline {

class GgufFile;

enum class Architecture { kLlama, kQwen2, kQwen3, kMistral };

[[nodiscard]] std::string_view name_of(Architecture architecture);  // "LlamaForCausalLM" ...

enum class RopeScaling { kNone, kLinear, kLlama3 };

// Rotary embedding (Su et al. 2021), non-interleaved halves as the hub's checkpoints have it.
struct RopeConfig {
  double theta = 10000.0;  // rope_theta
  RopeScaling scaling = RopeScaling::kNone;
  double factor = 1.0;
  // llama3 only:
  double low_freq_factor = 1.0;
  double high_freq_factor = 4.0;
  double original_max_position_embeddings = 8192;
  // rope_freqs.weight of a GGUF (divisors of the frequencies), [head_dim / 2]; empty where there is none
  std::vector<float> frequency_divisors;
};

struct ModelConfig {
  Architecture architecture = Architecture::kLlama;
  std::string name;  // for captions: the directory's or file's name
  int64_t hidden_size = 0;
  int64_t intermediate_size = 0;
  int64_t num_layers = 0;
  int64_t num_heads = 0;
  int64_t num_kv_heads = 0;
  int64_t head_dim = 0;
  int64_t vocab_size = 0;     // rows of the embedding table, padding included
  int64_t max_positions = 0;  // 0 where the files do not say
  std::optional<int64_t>
      sliding_window;  // where it is there, longer transcripts are refused: tugline attends to everything
  double rms_norm_eps = 1e-6;
  RopeConfig rope;
  bool tied_head = false;
  bool qkv_bias = false;     // attention's q, k and v projections
  bool output_bias = false;  // attention's output projection
  bool mlp_bias = false;
  bool qk_norm = false;  // Qwen3: RMSNorm on each head's q and k

  [[nodiscard]] int64_t q_size() const { return num_heads * head_dim; }
  [[nodiscard]] int64_t kv_size() const { return num_kv_heads * head_dim; }
  [[nodiscard]] int64_t heads_per_kv() const { return num_heads / num_kv_heads; }
};

// config.json as a model hub stores it. Throws Error naming the file and field.
[[nodiscard]] ModelConfig read_config_json(const std::filesystem::path& path);
[[nodiscard]] ModelConfig read_config_gguf(const GgufFile& file);
// Checks what both readers must hold to: positive sizes, heads that divide, an even head_dim. `path` is for messages.
void check_config(const ModelConfig& config, const std::string& path);

// Of everything that decides what the model computes beside its weights: part of a run's identity. The name and the limits on length
// are not part of it.
[[nodiscard]] uint64_t hash_of(const ModelConfig& config);

// Inverse frequencies [head_dim / 2] after scaling, f64 (llama3: the piecewise rule of the Llama 3.1 release).
[[nodiscard]] std::vector<double> rope_inverse_frequencies(const ModelConfig& config);

}  // namespace tugline
