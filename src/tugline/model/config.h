// The configuration of a decoder-only transformer: the checked settings of config.json or GGUF metadata. A
// setting that tugline does not compute is refused here, by name, before a weight is read.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tugline/model/rope.h"

namespace tugline {

class GgufFile;

enum class Architecture { kLlama, kQwen2, kQwen3, kMistral, kOlmo2, kGptNeox };

[[nodiscard]] std::string_view name_of(Architecture architecture);  // "LlamaForCausalLM" ...

// What a layer is made of. model/layer_program lists its steps.
enum class NormKind {
  kRms,             // RMSNorm (Zhang and Sennrich 2019)
  kRmsRoundedOnce,  // the same, except that a bf16 model does not round before it multiplies by the weight
  kLayer,           // LayerNorm (Ba, Kiros, Hinton 2016), with a bias
};
enum class NormPlacement {
  kBeforeBlocks,  // h + block(norm(h))
  kAfterBlocks,   // h + norm(block(h))
};
enum class QkNorm {
  kNone,
  kEachHead,  // of q and of k, each head by itself
  kWhole,     // of q and of k, all heads together
};
enum class Blocks {
  kSequential,  // the MLP block reads the residual that the attention block has added to
  kParallel,    // both read the layer's input
};
enum class Activation {
  kSwiglu,  // silu(gate) * up (Shazeer 2020)
  kGelu,    // x Phi(x), without a gate (Hendrycks and Gimpel 2016)
};

// Layers whose rows attend to the last `width` tokens only, their own included (Beltagy, Peters, Cohan 2020;
// Jiang et al. 2023).
struct SlidingWindow {
  int64_t width = 0;
  // The layers that have it: those from first_layer on, or those that are listed [num_layers]. If there is
  // neither, it is not certain which layers have it, and longer transcripts are refused.
  std::optional<int64_t> first_layer = {};
  std::vector<bool> listed = {};

  [[nodiscard]] bool is_certain() const { return first_layer || !listed.empty(); }
  // `layer` is one of the model's.
  [[nodiscard]] bool has(int32_t layer) const {
    return listed.empty() ? first_layer && layer >= *first_layer : listed[static_cast<size_t>(layer)];
  }
};

// A new field must also be added to hash_of, which otherwise does not compile.
struct ModelConfig {
  Architecture architecture = Architecture::kLlama;
  std::string name;  // for captions: the directory's or file's name
  int64_t hidden_size = 0;
  int64_t intermediate_size = 0;
  int64_t num_layers = 0;
  int64_t num_heads = 0;
  int64_t num_kv_heads = 0;
  int64_t head_dim = 0;
  int64_t vocab_size = 0;                       // rows of the embedding table, padding included
  int64_t max_positions = 0;                    // the longest transcript; 0 if the files do not say
  std::optional<SlidingWindow> sliding_window;  // no value if no layer has one
  double norm_eps = 1e-6;
  RopeConfig rope;
  bool tied_head = false;
  bool qkv_bias = false;     // attention's q, k and v projections
  bool output_bias = false;  // attention's output projection
  bool mlp_bias = false;
  NormKind norm = NormKind::kRms;
  NormPlacement norm_placement = NormPlacement::kBeforeBlocks;
  QkNorm qk_norm = QkNorm::kNone;
  Blocks blocks = Blocks::kSequential;
  Activation activation = Activation::kSwiglu;
  // Warnings for the user about a model that can be run: settings and tensors that nothing reads, by name.
  std::vector<std::string> warnings;

  // The width of a layer's sliding window, 0 if it has none.
  [[nodiscard]] int64_t window(int32_t layer) const {
    return sliding_window && sliding_window->has(layer) ? sliding_window->width : 0;
  }
  [[nodiscard]] int64_t q_size() const { return num_heads * head_dim; }
  [[nodiscard]] int64_t kv_size() const { return num_kv_heads * head_dim; }
};

// What all models of a family have in common: the start of both readers.
[[nodiscard]] ModelConfig family_config(Architecture architecture);

// The name that config.json has for norm_eps.
[[nodiscard]] std::string_view norm_eps_name(NormKind norm);

// config.json as a model hub stores it. Throws Error naming the file and field.
[[nodiscard]] ModelConfig read_config_json(const std::filesystem::path& path);
[[nodiscard]] ModelConfig read_config_gguf(const GgufFile& file);
// Checks what both readers require: positive sizes, heads that divide, an even head_dim, possible RoPE
// settings. Throws Error (kInput); `path` is for messages.
void check_config(const ModelConfig& config, const std::string& path);

// max_positions of a checked configuration, raised to the length to which yarn stretches the original
// context, because configurations keep the unscaled length when users add yarn.
[[nodiscard]] int64_t positions_after_scaling(const ModelConfig& config);

// A hash of everything except the weights that decides what the model computes. It is part of a run's
// identity. The name, the limits on length and the warnings are not hashed.
[[nodiscard]] uint64_t hash_of(const ModelConfig& config);

}  // namespace tugline
