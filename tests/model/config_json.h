// config.json for tests: a small one, changes of it, and what is read of it.
#pragma once

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "files/build_bytes.h"
#include "support/expect_error.h"
#include "tugline/model/config.h"

namespace tugline::test {

using nlohmann::json;

inline json small(const std::string& architecture = "LlamaForCausalLM") {
  return {{"architectures", {architecture}},
          {"hidden_size", 48},
          {"intermediate_size", 96},
          {"num_hidden_layers", 2},
          {"num_attention_heads", 6},
          {"num_key_value_heads", 3},
          {"vocab_size", 100},
          {"max_position_embeddings", 64},
          {"rms_norm_eps", 1e-5},
          {"rope_theta", 500000.0}};
}

inline json with(json config, const std::string& field, json value) {
  config[field] = std::move(value);
  return config;
}

inline ModelConfig read(const std::string& text) {
  const TemporaryFolder folder;
  return read_config_json(folder.write("tiny/config.json", text));
}
inline ModelConfig read(const json& config) { return read(config.dump()); }

inline void expect_refused(const json& config, ErrorCode code, std::vector<std::string> parts) {
  parts.emplace_back("config.json");
  expect_error(code, parts, [&] { (void)read(config); });
}

// Pythia's configuration as transformers 4 wrote it.
inline json pythia() {
  return {{"architectures", {"GPTNeoXForCausalLM"}},
          {"model_type", "gpt_neox"},
          {"hidden_size", 48},
          {"intermediate_size", 192},
          {"num_hidden_layers", 2},
          {"num_attention_heads", 6},
          {"vocab_size", 100},
          {"max_position_embeddings", 64},
          {"layer_norm_eps", 1e-4},
          {"hidden_act", "gelu"},
          {"rotary_emb_base", 20000},
          {"rotary_pct", 0.5},
          {"use_parallel_residual", false},
          {"tie_word_embeddings", false},
          {"classifier_dropout", 0.1},
          {"hidden_dropout", 0.0},
          {"initializer_range", 0.02}};
}

}  // namespace tugline::test
