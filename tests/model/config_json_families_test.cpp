// What distinguishes the families in config.json, and which family it is.
#include <gtest/gtest.h>

#include "model/config_json.h"

namespace tugline::test {
namespace {

TEST(ConfigJson, ArchitecturesDifferInBiasesAndNorms) {
  const ModelConfig qwen2 = read(small("Qwen2ForCausalLM"));
  EXPECT_TRUE(qwen2.qkv_bias && !qwen2.output_bias && qwen2.qk_norm == QkNorm::kNone);
  const ModelConfig qwen3 = read(small("Qwen3ForCausalLM"));
  EXPECT_TRUE(!qwen3.qkv_bias && !qwen3.output_bias && qwen3.qk_norm == QkNorm::kEachHead);
  const ModelConfig mistral = read(small("MistralForCausalLM"));
  EXPECT_TRUE(!mistral.qkv_bias && mistral.qk_norm == QkNorm::kNone);
  const ModelConfig olmo2 = read(small("Olmo2ForCausalLM"));
  EXPECT_TRUE(!olmo2.qkv_bias && olmo2.qk_norm == QkNorm::kWhole &&
              olmo2.norm_placement == NormPlacement::kAfterBlocks);
  EXPECT_FALSE(olmo2.sliding_window);
  const ModelConfig biased = read(with(with(small(), "attention_bias", true), "mlp_bias", true));
  EXPECT_TRUE(biased.qkv_bias && biased.output_bias && biased.mlp_bias);
}

TEST(ConfigJson, GptNeoxHasSettingsOfItsOwn) {
  const ModelConfig config = read(pythia());
  EXPECT_TRUE(config.warnings.empty()) << config.warnings.front();
  EXPECT_EQ(config.norm, NormKind::kLayer);
  EXPECT_EQ(config.norm_eps, 1e-4);
  EXPECT_EQ(config.activation, Activation::kGelu);
  EXPECT_EQ(config.blocks, Blocks::kSequential);
  EXPECT_TRUE(config.qkv_bias && config.output_bias && config.mlp_bias);
  EXPECT_EQ(config.rope.theta, 20000);
  EXPECT_EQ(config.rope.rotary_dim, 4);
  EXPECT_FALSE(config.sliding_window);
  // What transformers takes if they are absent.
  json bare = pythia();
  for (const char* name :
       {"rotary_emb_base", "rotary_pct", "use_parallel_residual", "layer_norm_eps", "hidden_act"})
    bare.erase(name);
  const ModelConfig defaults = read(bare);
  EXPECT_EQ(defaults.blocks, Blocks::kParallel);
  EXPECT_EQ(defaults.rope.theta, 10000);
  EXPECT_EQ(defaults.rope.rotary_dim, 2);
  EXPECT_EQ(defaults.norm_eps, 1e-5);
  // None is not true in transformers.
  EXPECT_EQ(read(with(bare, "use_parallel_residual", nullptr)).blocks, Blocks::kSequential);
  // As transformers 5 writes it, and as some versions between wrote both.
  const json parameters{{"rope_type", "default"}, {"rope_theta", 500.0}, {"partial_rotary_factor", 0.75}};
  EXPECT_EQ(read(with(bare, "rope_parameters", parameters)).rope.rotary_dim, 6);
  EXPECT_EQ(read(with(bare, "rope_parameters", parameters)).rope.theta, 500);
  EXPECT_EQ(read(with(with(pythia(), "rope_theta", 20000), "partial_rotary_factor", 0.5)).rope.rotary_dim, 4);
  EXPECT_FALSE(read(with(pythia(), "attention_bias", false)).qkv_bias);
}

TEST(ConfigJson, WhatGptNeoxLacksIsRefusedByName) {
  for (const char* activation : {"gelu_new", "gelu_fast", "relu", "silu"})
    expect_refused(with(pythia(), "hidden_act", activation), ErrorCode::kUnsupported,
                   {"hidden_act", activation, "gelu"});
  expect_refused(with(pythia(), "rope_theta", 500.0), ErrorCode::kInput,
                 {"rotary_emb_base is 20000", "rope_theta is 500"});
  expect_refused(with(pythia(), "partial_rotary_factor", 1.0), ErrorCode::kInput,
                 {"rotary_pct is 0.5", "partial_rotary_factor is 1"});
  EXPECT_EQ(read(with(pythia(), "rotary_pct", 0.4)).rope.rotary_dim, 3);
  expect_refused(with(pythia(), "rotary_pct", 0.1), ErrorCode::kInput, {"rotates 0 columns"});
  expect_refused(with(pythia(), "rotary_pct", 1.5), ErrorCode::kInput, {"rotates 12 columns"});
  expect_refused(
      with(pythia(), "rope_parameters", {{"rope_type", "default"}, {"partial_rotary_factor", 0.0}}),
      ErrorCode::kUnsupported, {"partial_rotary_factor", "0"});
  expect_refused(with(pythia(), "num_key_value_heads", 3), ErrorCode::kUnsupported,
                 {"num_key_value_heads", "3", "6"});
  expect_refused(with(pythia(), "head_dim", 4), ErrorCode::kInput, {"hidden_size is 48", "6 heads of 4"});
  expect_refused(with(pythia(), "layer_norm_eps", 0.0), ErrorCode::kInput, {"layer_norm_eps"});
  for (const char* field : {"rotary_pct", "use_parallel_residual"})
    expect_refused(with(small(), field, field == std::string("rotary_pct") ? json(0.25) : json(true)),
                   ErrorCode::kUnsupported, {field});
}

TEST(ConfigJson, TheFamilyIsWhatArchitecturesAndModelTypeSayTogether) {
  json config = with(small(), "model_type", "qwen3");
  expect_refused(config, ErrorCode::kInput, {"architectures", "LlamaForCausalLM", "model_type", "qwen3"});
  for (const json& none : {json(), json::array()}) {
    config["architectures"] = none;
    EXPECT_EQ(read(config).architecture, Architecture::kQwen3);
  }
  config["model_type"] = "mamba";
  expect_refused(config, ErrorCode::kUnsupported, {"model_type", "mamba", "Qwen3ForCausalLM"});
  EXPECT_EQ(read(with(small(), "model_type", "llama")).architecture, Architecture::kLlama);
}

}  // namespace
}  // namespace tugline::test
