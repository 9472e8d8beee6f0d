// The configuration in GGUF metadata: what it may say, and every refusal by name.
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <variant>

#include "files/build_bytes.h"
#include "support/expect_error.h"
#include "support/tiny_models.h"
#include "tugline/files/gguf.h"
#include "tugline/model/config.h"

namespace tugline {
namespace {

using Value = std::variant<uint32_t, float, bool, std::string>;
using Metadata = std::map<std::string, Value>;

struct F32Tensor {
  std::vector<uint64_t> shape;  // as the file has it: innermost first
  std::vector<float> values;
};
using Tensors = std::map<std::string, F32Tensor>;

void put_value(Bytes& bytes, const Value& value) {
  constexpr uint32_t kU32 = 4;
  constexpr uint32_t kF32 = 6;
  constexpr uint32_t kBool = 7;
  constexpr uint32_t kString = 8;
  if (const auto* truth = std::get_if<bool>(&value)) bytes.put(kBool).put<uint8_t>(*truth ? 1 : 0);
  if (const auto* number = std::get_if<uint32_t>(&value)) bytes.put(kU32).put(*number);
  if (const auto* number = std::get_if<float>(&value)) bytes.put(kF32).put(*number);
  if (const auto* text = std::get_if<std::string>(&value)) bytes.put(kString).put_string(*text);
}

Bytes gguf_bytes(const Metadata& metadata, const Tensors& tensors) {
  Bytes bytes;
  bytes.put_raw("GGUF").put<uint32_t>(3).put<uint64_t>(tensors.size()).put<uint64_t>(metadata.size());
  for (const auto& [key, value] : metadata) {
    bytes.put_string(key);
    put_value(bytes, value);
  }
  uint64_t offset = 0;
  for (const auto& [name, tensor] : tensors) {
    bytes.put_string(name).put(static_cast<uint32_t>(tensor.shape.size()));
    for (const uint64_t extent : tensor.shape) bytes.put(extent);
    bytes.put<uint32_t>(0).put(offset);
    offset += (tensor.values.size() * sizeof(float) + 31) / 32 * 32;
  }
  bytes.pad_to(32);
  for (const auto& [name, tensor] : tensors) {
    for (const float value : tensor.values) bytes.put(value);
    bytes.pad_to(32);
  }
  return bytes;
}

Metadata small() {
  return {{"general.architecture", "llama"},
          {"llama.embedding_length", 12U},
          {"llama.feed_forward_length", 20U},
          {"llama.block_count", 2U},
          {"llama.attention.head_count", 3U},
          {"llama.attention.head_count_kv", 1U},
          {"llama.context_length", 64U},
          {"llama.rope.freq_base", 500.0F},
          {"llama.attention.layer_norm_rms_epsilon", 0x1p-17F}};
}

Metadata with(Metadata metadata, const std::string& key, Value value) {
  metadata[key] = std::move(value);
  return metadata;
}

Tensors tensors() { return {{"token_embd.weight", {{12, 5}, std::vector<float>(60)}}}; }

Tensors with_divisors(std::vector<float> values) {
  Tensors all = tensors();
  all["rope_freqs.weight"] = {{values.size()}, values};
  return all;
}

ModelConfig read(const Metadata& metadata, const Tensors& all = tensors()) {
  const Bytes bytes = gguf_bytes(metadata, all);
  return read_config_gguf(GgufFile::parse(bytes.span(), "tiny.gguf"));
}

void expect_refused(const Metadata& metadata, ErrorCode code, std::vector<std::string> parts,
                    const Tensors& all = tensors()) {
  parts.emplace_back("tiny.gguf");
  expect_error(code, parts, [&] { (void)read(metadata, all); });
}

TEST(ConfigGguf, ReadsEveryField) {
  const ModelConfig config = read(small());
  EXPECT_EQ(config.architecture, Architecture::kLlama);
  EXPECT_EQ(config.name, "tiny");
  EXPECT_EQ(config.hidden_size, 12);
  EXPECT_EQ(config.intermediate_size, 20);
  EXPECT_EQ(config.num_layers, 2);
  EXPECT_EQ(config.num_heads, 3);
  EXPECT_EQ(config.num_kv_heads, 1);
  EXPECT_EQ(config.head_dim, 4);
  EXPECT_EQ(config.vocab_size, 5);
  EXPECT_EQ(config.max_positions, 64);
  EXPECT_EQ(config.norm_eps, 0x1p-17);
  EXPECT_EQ(config.rope.theta, 500);
  EXPECT_TRUE(config.tied_head);
  EXPECT_FALSE(config.qkv_bias || config.output_bias || config.mlp_bias || config.qk_norm != QkNorm::kNone);
}

TEST(ConfigGguf, FixturesSayWhatTheHubSays) {
  for (const char* name : {"llama", "qwen2"}) {
    const ModelConfig gguf = read_config_gguf(GgufFile::open(test::tiny_path(std::string(name) + ".gguf")));
    const ModelConfig hub = read_config_json(test::tiny_path(name) / "config.json");
    EXPECT_EQ(gguf.architecture, hub.architecture);
    EXPECT_EQ(gguf.hidden_size, hub.hidden_size);
    EXPECT_EQ(gguf.q_size(), hub.q_size());
    EXPECT_EQ(gguf.kv_size(), hub.kv_size());
    EXPECT_EQ(gguf.vocab_size, hub.vocab_size);
    EXPECT_EQ(gguf.norm_eps, hub.norm_eps);
    EXPECT_EQ(gguf.rope.theta, hub.rope.theta);
    EXPECT_EQ(gguf.tied_head, hub.tied_head);
    EXPECT_EQ(gguf.qkv_bias, hub.qkv_bias);
    EXPECT_EQ(gguf.output_bias, hub.output_bias);
  }
}

// All that decides a number, if f32 holds what the file has.
TEST(ConfigGguf, FixturesComputeWhatTheHubsCompute) {
  for (const char* name : {"qwen2", "olmo2", "gpt_neox"})
    EXPECT_EQ(hash_of(read_config_gguf(GgufFile::open(test::tiny_path(std::string(name) + ".gguf")))),
              hash_of(read_config_json(test::tiny_path(name) / "config.json")))
        << name;
}

Metadata gptneox() {
  return {{"general.architecture", "gptneox"},
          {"gptneox.embedding_length", 12U},
          {"gptneox.feed_forward_length", 20U},
          {"gptneox.block_count", 2U},
          {"gptneox.attention.head_count", 3U},
          {"gptneox.context_length", 64U},
          {"gptneox.rope.dimension_count", 2U},
          {"gptneox.use_parallel_residual", true},
          {"gptneox.attention.layer_norm_epsilon", 0x1p-17F}};
}

TEST(ConfigGguf, GptNeoxHasKeysOfItsOwn) {
  const ModelConfig config = read(gptneox());
  EXPECT_EQ(config.blocks, Blocks::kParallel);
  EXPECT_EQ(config.rope.rotary_dim, 2);
  EXPECT_EQ(config.norm, NormKind::kLayer);
  EXPECT_TRUE(config.warnings.empty());
  EXPECT_EQ(read(with(gptneox(), "gptneox.use_parallel_residual", false)).blocks, Blocks::kSequential);
  Metadata silent = gptneox();
  silent.erase("gptneox.use_parallel_residual");
  expect_refused(silent, ErrorCode::kInput, {"gptneox.use_parallel_residual", "missing"});
  expect_refused(with(gptneox(), "gptneox.rope.dimension_count", 3U), ErrorCode::kInput,
                 {"rope.dimension_count is 3", "even"});
  expect_refused(with(gptneox(), "gptneox.rope.dimension_count", 6U), ErrorCode::kInput,
                 {"rotates 6 columns", "4"});
  expect_refused(with(small(), "llama.use_parallel_residual", true), ErrorCode::kUnsupported,
                 {"use_parallel_residual"});
  expect_refused(with(small(), "llama.rope.dimension_count", 2U), ErrorCode::kUnsupported,
                 {"rope.dimension_count"});
}

TEST(ConfigGguf, AnOlmo2ThatIsOlmo3IsRefused) {
  Metadata metadata;
  for (const auto& [key, value] : small())
    metadata[key.starts_with("llama.") ? "olmo2." + key.substr(6) : key] = value;
  metadata["general.architecture"] = "olmo2";
  metadata["olmo2.rope.scaling.type"] = "yarn";
  metadata["olmo2.rope.scaling.factor"] = 8.0F;
  EXPECT_EQ(read(metadata).rope.scaling, RopeScaling::kYarn);
  metadata["olmo2.attention.sliding_window"] = 32U;
  expect_refused(metadata, ErrorCode::kUnsupported,
                 {"olmo2.attention.sliding_window", "olmo2.rope.scaling.type"});
}

TEST(ConfigGguf, OptionalKeys) {
  Metadata metadata = small();
  metadata.erase("llama.attention.head_count_kv");
  metadata.erase("llama.rope.freq_base");
  metadata.erase("llama.context_length");
  const ModelConfig config = read(metadata);
  EXPECT_EQ(config.num_kv_heads, 3);
  EXPECT_EQ(config.rope.theta, 10000);
  EXPECT_EQ(config.max_positions, 0);
  EXPECT_EQ(read(with(small(), "llama.attention.key_length", 6U)).head_dim, 6);
  const auto window = read(with(small(), "llama.attention.sliding_window", 32U)).sliding_window;
  EXPECT_EQ(window.value().width, 32);
  EXPECT_FALSE(window.value().is_certain());  // the format does not say which layers have it
  EXPECT_FALSE(read(with(small(), "llama.attention.sliding_window", 0U)).sliding_window);
}

// The type is left out by older files, which then mean linear.
TEST(ConfigGguf, RopeScaling) {
  const Metadata typed =
      with(with(small(), "llama.rope.scaling.type", "linear"), "llama.rope.scaling.factor", 4.0F);
  const Metadata untyped = with(small(), "llama.rope.scaling.factor", 4.0F);
  const Metadata older = with(small(), "llama.rope.scale_linear", 4.0F);
  for (const Metadata& metadata : {typed, untyped, older}) {
    EXPECT_EQ(read(metadata).rope.scaling, RopeScaling::kLinear);
    EXPECT_EQ(read(metadata).rope.factor, 4);
  }
  EXPECT_EQ(read(with(untyped, "llama.rope.scaling.type", "none")).rope.scaling, RopeScaling::kNone);
  EXPECT_EQ(read(small(), with_divisors({1, 8})).rope.frequency_divisors, (std::vector<float>{1, 8}));
}

// llama.cpp's rule is transformers' with the attention factor that the paper suggests.
TEST(ConfigGguf, Yarn) {
  Metadata metadata =
      with(with(small(), "llama.rope.scaling.type", "yarn"), "llama.rope.scaling.factor", 4.0F);
  metadata["llama.rope.scaling.original_context_length"] = 16U;
  const RopeConfig rope = read(metadata).rope;
  EXPECT_EQ(rope.scaling, RopeScaling::kYarn);
  EXPECT_EQ(rope.factor, 4);
  EXPECT_EQ(rope.original_max_position_embeddings, 16);
  EXPECT_DOUBLE_EQ(rope.attention_factor, 0.1 * std::log(4.0) + 1);
  EXPECT_EQ(read(with(metadata, "llama.rope.scaling.yarn_beta_fast", 16.0F)).rope.beta_fast, 16);
  Metadata fallback = metadata;
  fallback.erase("llama.rope.scaling.original_context_length");
  EXPECT_EQ(read(fallback).rope.original_max_position_embeddings, 64);
  for (const char* key : {"attn_factor", "yarn_ext_factor", "yarn_log_multiplier"})
    expect_refused(with(metadata, std::string("llama.rope.scaling.") + key, 0.5F), ErrorCode::kUnsupported,
                   {key, "0.5"});
}

TEST(ConfigGguf, WhatNothingReadsIsNamedInAWarning) {
  EXPECT_TRUE(read(small()).warnings.empty());
  const auto warnings = read(with(small(), "llama.attention.foo", 1U)).warnings;
  ASSERT_EQ(warnings.size(), 1U);
  EXPECT_NE(warnings[0].find("llama.attention.foo"), std::string::npos) << warnings[0];
}

TEST(ConfigGguf, RefusalsAreByName) {
  expect_refused(with(small(), "general.architecture", "gemma2"), ErrorCode::kUnsupported,
                 {"gemma2", "llama"});
  expect_refused(with(small(), "llama.rope.scaling.type", "longrope"), ErrorCode::kUnsupported,
                 {"rope.scaling.type", "longrope"});
  expect_refused(with(small(), "general.type", "adapter"), ErrorCode::kUnsupported,
                 {"general.type", "adapter"});
  expect_refused(with(small(), "llama.rope.dimension_count", 2U), ErrorCode::kUnsupported,
                 {"rope.dimension_count", "2", "4"});
  expect_refused(with(small(), "llama.attention.value_length", 8U), ErrorCode::kUnsupported,
                 {"value_length", "8", "4"});
  expect_refused(with(small(), "llama.expert_count", 8U), ErrorCode::kUnsupported, {"llama.expert_count"});
  expect_refused(with(small(), "llama.final_logit_softcapping", 30.0F), ErrorCode::kUnsupported,
                 {"final_logit_softcapping"});
  EXPECT_EQ(read(with(small(), "llama.expert_count", 0U)).num_layers, 2);
}

TEST(ConfigGguf, WhatIsWrongIsNamed) {
  for (const char* key :
       {"general.architecture", "llama.embedding_length", "llama.feed_forward_length", "llama.block_count",
        "llama.attention.head_count", "llama.attention.layer_norm_rms_epsilon"}) {
    Metadata metadata = small();
    metadata.erase(key);
    expect_refused(metadata, ErrorCode::kInput, {key});
  }
  expect_refused(with(small(), "llama.embedding_length", "12"), ErrorCode::kInput,
                 {"llama.embedding_length", "string"});
  expect_refused(with(small(), "llama.context_length", 0U), ErrorCode::kInput, {"context_length", "0"});
  expect_refused(with(small(), "llama.attention.head_count", 0U), ErrorCode::kInput, {"head_count", "0"});
  expect_refused(with(small(), "llama.attention.head_count_kv", 2U), ErrorCode::kInput, {"3", "2"});
  expect_refused(with(small(), "llama.rope.scaling.type", "linear"), ErrorCode::kInput,
                 {"rope.scaling.factor"});
  expect_refused(small(), ErrorCode::kInput, {"token_embd.weight", "missing"}, {});
  expect_refused(small(), ErrorCode::kInput, {"rope_freqs.weight", "[2]", "[3]"}, with_divisors({1, 2, 3}));
  for (const float wrong : {0.0F, -1.0F, std::numeric_limits<float>::quiet_NaN()})
    expect_refused(small(), ErrorCode::kInput, {"rope_freqs.weight", "positive"}, with_divisors({1, wrong}));
}

}  // namespace
}  // namespace tugline
