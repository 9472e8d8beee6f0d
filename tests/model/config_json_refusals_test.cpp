// What config.json may not say: every refusal by name, in a line.
#include <gtest/gtest.h>

#include "model/config_json.h"

namespace tugline::test {
namespace {

TEST(ConfigJson, UnknownMathematicsIsRefusedByName) {
  expect_refused(small("GemmaForCausalLM"), ErrorCode::kUnsupported,
                 {"GemmaForCausalLM", "LlamaForCausalLM"});
  const json short_list = {"full_attention"};
  expect_refused(with(small("Qwen2ForCausalLM"), "layer_types", short_list), ErrorCode::kInput,
                 {"layer_types", "1 entries", "num_hidden_layers", "2"});
  for (const char* type : {"dynamic", "longrope", "su"})
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
  expect_refused(with(small(), "quantization", {{"bits", 4}}), ErrorCode::kUnsupported,
                 {"quantization", "bits"});
  expect_refused(with(small(), "query_pre_attn_scalar", 16), ErrorCode::kUnsupported,
                 {"query_pre_attn_scalar", "16"});
  expect_refused(with(small(), "residual_multiplier", 0.5), ErrorCode::kUnsupported,
                 {"residual_multiplier", "0.5"});
  expect_refused(with(small(), "is_causal", false), ErrorCode::kUnsupported, {"is_causal", "false"});
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
  for (const double wrong : {0.0, -1e-5, 2.0, 1e-308})
    expect_refused(with(small(), "rms_norm_eps", wrong), ErrorCode::kInput, {"rms_norm_eps"});
  for (const double wrong : {0.0, -1.0, 1e-308})
    expect_refused(with(small(), "rope_theta", wrong), ErrorCode::kInput, {"rope_theta"});
  for (const double wrong : {0.0, 1e-308, 0.5, -2.0, 1e300})
    expect_refused(with(small(), "rope_scaling", {{"type", "linear"}, {"factor", wrong}}), ErrorCode::kInput,
                   {"factor"});
  expect_refused(with(small(), "max_position_embeddings", 0), ErrorCode::kInput,
                 {"max_position_embeddings", "0"});
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
  expect_error(ErrorCode::kInput, {"config.json", "empty"}, [&] { (void)read(std::string()); });
  expect_error(ErrorCode::kInput, {"config.json", "git lfs pull"}, [&] {
    (void)read(std::string("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n"));
  });
  expect_error(ErrorCode::kInput, {"config.json", "'hidden_size'", "twice"},
               [&] { (void)read(std::string("{\"hidden_size\": 48, \"hidden_size\": 64}")); });
  const std::string deep = std::string(100'000, '[') + std::string(100'000, ']');
  expect_error(ErrorCode::kInput, {"config.json", "nested"},
               [&] { (void)read("{\"quantization_config\": " + deep + "}"); });
  for (const char* text :
       {"{", "{\"a\": 1,}", "\xff\xfe", "nan", "{\"rms_norm_eps\": NaN}", "{\"rope_theta\": 1e999}"})
    expect_error(ErrorCode::kInput, {"config.json", "JSON"}, [&] { (void)read(std::string(text)); });
  expect_error(ErrorCode::kInput, {"config.json", "object", "array"}, [] { (void)read(std::string("[]")); });
  const std::string whole = small().dump();
  for (size_t size = 0; size < whole.size(); ++size)
    EXPECT_THROW((void)read(whole.substr(0, size)), Error) << size;
}

TEST(ConfigJson, MessagesQuoteALineAtMost) {
  const std::string long_text(100'000, 'x');
  for (const json& config :
       {with(small(), "hidden_size", long_text), with(small(), "hidden_act", long_text),
        with(small(), "architectures", {long_text}), with(small(), "quantization_config", {{long_text, 1}}),
        with(small(), "rope_scaling", {{"type", long_text}}), with(small(), "layer_types", long_text)})
    EXPECT_LT(std::string(error_of([&] { (void)read(config); }).what()).size(), 600U);
  json unknown = small();
  for (int i = 0; i < 10'000; ++i) unknown[long_text.substr(0, 100) + std::to_string(i)] = 1;
  EXPECT_LT(read(unknown).warnings.at(0).size(), 2'000U);
}

}  // namespace
}  // namespace tugline::test
