// config.json: what it may say, and every refusal by name.
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <set>

#include "files/build_bytes.h"
#include "tugline/model/config.h"

namespace tugline {
namespace {

using nlohmann::json;

json small(const std::string& architecture = "LlamaForCausalLM") {
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

json with(json config, const std::string& field, json value) {
  config[field] = std::move(value);
  return config;
}

ModelConfig read(const std::string& text) {
  const TemporaryFolder folder;
  return read_config_json(folder.write("tiny/config.json", text));
}
ModelConfig read(const json& config) { return read(config.dump()); }

void expect_refused(const json& config, ErrorCode code, std::vector<std::string> parts) {
  parts.emplace_back("config.json");
  expect_error(code, parts, [&] { (void)read(config); });
}

TEST(ConfigJson, ReadsEveryField) {
  const ModelConfig config = read(small());
  EXPECT_EQ(config.architecture, Architecture::kLlama);
  EXPECT_EQ(config.name, "tiny");
  EXPECT_EQ(config.hidden_size, 48);
  EXPECT_EQ(config.intermediate_size, 96);
  EXPECT_EQ(config.num_layers, 2);
  EXPECT_EQ(config.num_heads, 6);
  EXPECT_EQ(config.num_kv_heads, 3);
  EXPECT_EQ(config.head_dim, 8);
  EXPECT_EQ(config.vocab_size, 100);
  EXPECT_EQ(config.max_positions, 64);
  EXPECT_EQ(config.rms_norm_eps, 1e-5);
  EXPECT_EQ(config.rope.theta, 500000.0);
  EXPECT_EQ(config.rope.scaling, RopeScaling::kNone);
  EXPECT_FALSE(config.tied_head || config.qkv_bias || config.output_bias || config.mlp_bias ||
               config.qk_norm);
  EXPECT_FALSE(config.sliding_window);
}

TEST(ConfigJson, ArchitecturesDifferInBiasesAndNorms) {
  const ModelConfig qwen2 = read(small("Qwen2ForCausalLM"));
  EXPECT_TRUE(qwen2.qkv_bias && !qwen2.output_bias && !qwen2.qk_norm);
  const ModelConfig qwen3 = read(small("Qwen3ForCausalLM"));
  EXPECT_TRUE(!qwen3.qkv_bias && !qwen3.output_bias && qwen3.qk_norm);
  const ModelConfig mistral = read(small("MistralForCausalLM"));
  EXPECT_TRUE(!mistral.qkv_bias && !mistral.qk_norm);
  const ModelConfig biased = read(with(with(small(), "attention_bias", true), "mlp_bias", true));
  EXPECT_TRUE(biased.qkv_bias && biased.output_bias && biased.mlp_bias);
}

TEST(ConfigJson, AbsentAndNullFieldsHaveTheirMeaning) {
  json config = small();
  config.erase("num_key_value_heads");
  config.erase("max_position_embeddings");
  config["head_dim"] = nullptr;
  config["rope_scaling"] = nullptr;
  config["quantization_config"] = nullptr;
  config["sliding_window"] = nullptr;
  const ModelConfig read_back = read(config);
  EXPECT_EQ(read_back.num_kv_heads, 6);
  EXPECT_EQ(read_back.head_dim, 8);
  EXPECT_EQ(read_back.max_positions, 0);
  EXPECT_EQ(read(with(small(), "head_dim", 20)).head_dim, 20);
  EXPECT_TRUE(read(with(small(), "tie_word_embeddings", true)).tied_head);
}

TEST(ConfigJson, RopeInBothSpellings) {
  const json linear{{"type", "linear"}, {"factor", 4.0}};
  const ModelConfig older = read(with(small(), "rope_scaling", linear));
  EXPECT_EQ(older.rope.scaling, RopeScaling::kLinear);
  EXPECT_EQ(older.rope.factor, 4.0);
  EXPECT_EQ(older.rope.theta, 500000.0);
  const json llama3{{"rope_type", "llama3"},   {"rope_theta", 77.0},
                    {"factor", 8.0},           {"low_freq_factor", 1.0},
                    {"high_freq_factor", 4.0}, {"original_max_position_embeddings", 32}};
  const ModelConfig newer = read(with(small(), "rope_parameters", llama3));
  EXPECT_EQ(newer.rope.scaling, RopeScaling::kLlama3);
  EXPECT_EQ(newer.rope.theta, 77.0);
  EXPECT_EQ(newer.rope.original_max_position_embeddings, 32);
  EXPECT_EQ(
      read(with(small(), "rope_parameters", {{"rope_type", "default"}, {"rope_theta", 5.0}})).rope.theta,
      5.0);
}

// The window counts where it is on: Qwen's only with use_sliding_window.
TEST(ConfigJson, SlidingWindows) {
  const auto window = [](const std::string& architecture, json config = json::object()) {
    json all = with(small(architecture), "sliding_window", 32);
    all.update(config);
    return read(all).sliding_window;
  };
  EXPECT_EQ(window("MistralForCausalLM"), 32);
  EXPECT_EQ(window("Qwen2ForCausalLM"), std::nullopt);
  EXPECT_EQ(window("Qwen2ForCausalLM", {{"use_sliding_window", false}}), std::nullopt);
  EXPECT_EQ(window("Qwen3ForCausalLM", {{"use_sliding_window", true}}), 32);
  expect_refused(with(small("MistralForCausalLM"), "sliding_window", 0), ErrorCode::kInput,
                 {"sliding_window", "0"});
}

TEST(ConfigJson, LayersOfAnotherKindAreRefused) {
  const json full = {"full_attention", "full_attention"};
  EXPECT_EQ(read(with(small("Qwen2ForCausalLM"), "layer_types", full)).num_layers, 2);
  const json mixed = {"full_attention", "linear_attention"};
  expect_refused(with(small("Qwen3ForCausalLM"), "layer_types", mixed), ErrorCode::kUnsupported,
                 {"layer_types", "linear_attention"});
  const json windowed = {"full_attention", "sliding_attention"};
  expect_refused(with(small("Qwen2ForCausalLM"), "layer_types", windowed), ErrorCode::kInput,
                 {"layer_types", "sliding_attention", "sliding_window"});
  json on = with(with(small("Qwen2ForCausalLM"), "layer_types", windowed), "sliding_window", 32);
  EXPECT_EQ(read(with(on, "use_sliding_window", true)).sliding_window, 32);
}

TEST(ConfigJson, UnknownMathematicsIsRefusedByName) {
  expect_refused(small("GemmaForCausalLM"), ErrorCode::kUnsupported,
                 {"GemmaForCausalLM", "LlamaForCausalLM"});
  for (const char* type : {"yarn", "dynamic", "longrope"})
    expect_refused(with(small(), "rope_scaling", {{"rope_type", type}, {"factor", 2.0}}),
                   ErrorCode::kUnsupported, {type, "llama3"});
  expect_refused(with(small(), "hidden_act", "gelu"), ErrorCode::kUnsupported,
                 {"hidden_act", "gelu", "silu"});
  expect_refused(with(small(), "partial_rotary_factor", 0.5), ErrorCode::kUnsupported,
                 {"partial_rotary_factor", "0.5"});
  expect_refused(with(small(), "rope_parameters", {{"rope_type", "default"}, {"partial_rotary_factor", 0.5}}),
                 ErrorCode::kUnsupported, {"partial_rotary_factor", "0.5"});
  EXPECT_EQ(read(with(small(), "partial_rotary_factor", 1.0)).num_layers, 2);
  for (const char* field :
       {"attn_logit_softcapping", "final_logit_softcapping", "num_experts", "num_local_experts"})
    expect_refused(with(small(), field, 8), ErrorCode::kUnsupported, {field, "8"});
  expect_refused(with(small(), "quantization_config", {{"quant_method", "gptq"}}), ErrorCode::kUnsupported,
                 {"quantization_config", "gptq"});
}

TEST(ConfigJson, WrongTypesAreNamed) {
  for (const char* field : {"hidden_size", "intermediate_size", "num_hidden_layers", "num_attention_heads",
                            "num_key_value_heads", "vocab_size", "max_position_embeddings", "head_dim"})
    for (const json& wrong : {json("48"), json(48.0), json(true), json::array(), json::object()})
      expect_refused(with(small(), field, wrong), ErrorCode::kInput, {field, "an integer", wrong.dump()});
  for (const char* field : {"rms_norm_eps", "rope_theta"})
    expect_refused(with(small(), field, "1"), ErrorCode::kInput, {field, "a number"});
  for (const char* field : {"tie_word_embeddings", "attention_bias", "mlp_bias"})
    expect_refused(with(small(), field, 1), ErrorCode::kInput, {field, "true or false"});
  expect_refused(with(small(), "hidden_act", 1), ErrorCode::kInput, {"hidden_act", "a string"});
  expect_refused(with(small(), "rope_scaling", "linear"), ErrorCode::kInput, {"rope_scaling", "an object"});
  expect_refused(with(small(), "layer_types", "full_attention"), ErrorCode::kInput,
                 {"layer_types", "a list"});
  for (const json& wrong : {json("LlamaForCausalLM"), json::array(), json{1}, json{"LlamaForCausalLM", "x"}})
    expect_refused(with(small(), "architectures", wrong), ErrorCode::kInput, {"architectures"});
}

TEST(ConfigJson, MissingFieldsAreNamed) {
  for (const char* field : {"architectures", "hidden_size", "intermediate_size", "num_hidden_layers",
                            "num_attention_heads", "vocab_size"}) {
    json config = small();
    config.erase(field);
    expect_refused(config, ErrorCode::kInput, {field});
    expect_refused(with(small(), field, nullptr), ErrorCode::kInput, {field});
  }
  expect_refused(with(small(), "rope_scaling", {{"type", "linear"}}), ErrorCode::kInput,
                 {"rope_scaling", "factor"});
  for (const char* field :
       {"factor", "low_freq_factor", "high_freq_factor", "original_max_position_embeddings"}) {
    json llama3{{"rope_type", "llama3"},
                {"factor", 8.0},
                {"low_freq_factor", 1.0},
                {"high_freq_factor", 4.0},
                {"original_max_position_embeddings", 32}};
    llama3.erase(field);
    expect_refused(with(small(), "rope_scaling", llama3), ErrorCode::kInput, {"rope_scaling", field});
  }
}

TEST(ConfigJson, NumbersThatCannotBeAreNamed) {
  for (const char* field : {"hidden_size", "intermediate_size", "num_hidden_layers", "num_attention_heads",
                            "num_key_value_heads", "vocab_size", "head_dim"})
    for (const int64_t wrong : {int64_t{0}, int64_t{-1}, int64_t{1} << 40})
      expect_refused(with(small(), field, wrong), ErrorCode::kInput, {field, std::to_string(wrong)});
  expect_refused(with(small(), "vocab_size", uint64_t{1} << 63), ErrorCode::kInput, {"vocab_size"});
  expect_refused(with(small(), "num_key_value_heads", 4), ErrorCode::kInput,
                 {"num_key_value_heads", "6", "4"});
  expect_refused(with(small(), "head_dim", 7), ErrorCode::kInput, {"head_dim", "7", "even"});
  expect_refused(with(small(), "max_position_embeddings", -5), ErrorCode::kInput,
                 {"max_position_embeddings", "-5"});
  for (const double wrong : {0.0, -1e-5, 2.0})
    expect_refused(with(small(), "rms_norm_eps", wrong), ErrorCode::kInput, {"rms_norm_eps"});
  for (const double wrong : {0.0, -1.0})
    expect_refused(with(small(), "rope_theta", wrong), ErrorCode::kInput, {"rope_theta"});
  expect_refused(with(small(), "rope_scaling", {{"type", "linear"}, {"factor", 0.0}}), ErrorCode::kInput,
                 {"factor"});
  json llama3{{"rope_type", "llama3"},
              {"factor", 8.0},
              {"low_freq_factor", 4.0},
              {"high_freq_factor", 4.0},
              {"original_max_position_embeddings", 32}};
  expect_refused(with(small(), "rope_scaling", llama3), ErrorCode::kInput,
                 {"high_freq_factor", "low_freq_factor"});
  llama3["high_freq_factor"] = 8.0;
  llama3["original_max_position_embeddings"] = 0;
  expect_refused(with(small(), "rope_scaling", llama3), ErrorCode::kInput,
                 {"original_max_position_embeddings", "0"});
}

TEST(ConfigJson, FilesThatAreNotOne) {
  expect_error(ErrorCode::kNotFound, {"nowhere/config.json"},
               [] { (void)read_config_json("nowhere/config.json"); });
  for (const char* text : {"", "{", "{\"a\": 1,}", "\xff\xfe", "nan", "{\"rope_theta\": 1e999}"})
    expect_error(ErrorCode::kInput, {"config.json", "JSON"}, [&] { (void)read(std::string(text)); });
  expect_error(ErrorCode::kInput, {"config.json", "object", "array"}, [] { (void)read(std::string("[]")); });
  const std::string whole = small().dump();
  for (size_t size = 0; size < whole.size(); ++size)
    EXPECT_THROW((void)read(whole.substr(0, size)), Error) << size;
}

TEST(ConfigHash, IsOfWhatIsComputed) {
  std::set<uint64_t> hashes{hash_of(read(small()))};
  for (const json& other : {with(small(), "rope_theta", 10000.0), with(small(), "rms_norm_eps", 1e-6),
                            with(small(), "hidden_size", 96), with(small(), "tie_word_embeddings", true),
                            with(small(), "attention_bias", true),
                            with(small(), "rope_scaling", {{"rope_type", "linear"}, {"factor", 2.0}})})
    EXPECT_TRUE(hashes.insert(hash_of(read(other))).second) << other;
  EXPECT_FALSE(hashes.insert(hash_of(read(with(small(), "max_position_embeddings", 128)))).second);
}

}  // namespace
}  // namespace tugline
