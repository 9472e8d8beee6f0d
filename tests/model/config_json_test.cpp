// config.json: what each field means, and what is not read.
#include "model/config_json.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <set>

namespace tugline::test {
namespace {

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
  EXPECT_EQ(config.norm_eps, 1e-5);
  EXPECT_EQ(config.rope.theta, 500000.0);
  EXPECT_EQ(config.rope.scaling, RopeScaling::kNone);
  EXPECT_FALSE(config.tied_head || config.qkv_bias || config.output_bias || config.mlp_bias);
  EXPECT_EQ(config.qk_norm, QkNorm::kNone);
  EXPECT_FALSE(config.sliding_window);
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

// The window of each layer; none if no layer has one.
std::vector<int64_t> windows(const ModelConfig& config) {
  std::vector<int64_t> found;
  for (int32_t layer = 0; config.sliding_window && layer < config.num_layers; ++layer)
    found.push_back(config.window(layer));
  return found;
}

// The window counts where it is on: Qwen's only with use_sliding_window.
TEST(ConfigJson, SlidingWindows) {
  const auto window = [](const std::string& architecture, json config = json::object()) {
    json all = with(small(architecture), "sliding_window", 32);
    all.update(config);
    return windows(read(all));
  };
  using Windows = std::vector<int64_t>;
  EXPECT_EQ(window("MistralForCausalLM"), (Windows{32, 32}));
  EXPECT_EQ(window("MistralForCausalLM", {{"layer_types", {"full_attention", "full_attention"}}}),
            (Windows{32, 32}));
  EXPECT_EQ(window("Qwen2ForCausalLM"), Windows{});
  EXPECT_EQ(window("Qwen2ForCausalLM", {{"use_sliding_window", false}}), Windows{});
  EXPECT_EQ(window("Qwen3ForCausalLM", {{"use_sliding_window", true}, {"max_window_layers", 1}}),
            (Windows{0, 32}));
  // No layer has it: all layers are below max_window_layers (28 if it is absent), or are listed as others.
  EXPECT_EQ(window("Qwen3ForCausalLM", {{"use_sliding_window", true}}), Windows{});
  EXPECT_EQ(window("Qwen2ForCausalLM", {{"use_sliding_window", true}, {"max_window_layers", 2}}), Windows{});
  EXPECT_EQ(window("Qwen2ForCausalLM", {{"use_sliding_window", true},
                                        {"max_window_layers", 0},
                                        {"layer_types", {"full_attention", "full_attention"}}}),
            Windows{});
  EXPECT_EQ(window("LlamaForCausalLM"), Windows{});
  // An absent width is transformers' default; only null means no window.
  EXPECT_EQ(windows(read(small("MistralForCausalLM"))), (Windows{4096, 4096}));
  EXPECT_EQ(windows(read(with(small("MistralForCausalLM"), "sliding_window", nullptr))), Windows{});
  for (const int wrong : {0, -4096})
    expect_refused(with(small("MistralForCausalLM"), "sliding_window", wrong), ErrorCode::kInput,
                   {"sliding_window", std::to_string(wrong)});
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
  EXPECT_EQ(windows(read(with(on, "use_sliding_window", true))), (std::vector<int64_t>{0, 32}));
  // The other families' own code has no window, whatever is listed: which layers have it is not certain.
  const json listed = with(with(small("LlamaForCausalLM"), "layer_types", windowed), "sliding_window", 32);
  EXPECT_EQ(read(listed).sliding_window.value().width, 32);
  EXPECT_FALSE(read(listed).sliding_window.value().is_certain());
}

TEST(ConfigJson, ValuesThatChangeNothingPass) {
  const json harmless{{"num_experts", 0},
                      {"num_local_experts", 0},
                      {"quantization_config", json::object()},
                      {"attn_logit_softcapping", nullptr},
                      {"final_logit_softcapping", 0.0},
                      {"residual_multiplier", 1.0},
                      {"query_pre_attn_scalar", 8},
                      {"attention_multiplier", 1 / std::sqrt(8.0)},
                      {"partial_rotary_factor", 1.0},
                      {"is_encoder_decoder", false},
                      {"pruned_heads", json::object()},
                      {"attention_bias", false},
                      {"mlp_bias", false},
                      {"rope_scaling", json::object()},
                      {"torch_dtype", "bfloat16"},
                      {"transformers_version", "4.40.0"},
                      {"eos_token_id", {1, 2}}};
  json config = small();
  config.update(harmless);
  EXPECT_TRUE(read(config).warnings.empty());
  EXPECT_EQ(hash_of(read(config)), hash_of(read(small())));
}

// As transformers 5 writes a Qwen configuration without a window.
TEST(ConfigJson, AWindowThatIsOffIsNoWarning) {
  json config = small("Qwen2ForCausalLM");
  config.update({{"use_sliding_window", false},
                 {"sliding_window", nullptr},
                 {"max_window_layers", 28},
                 {"layer_types", {"full_attention", "full_attention"}}});
  EXPECT_TRUE(read(config).warnings.empty());
}

TEST(ConfigJson, WhatNothingReadsIsNamedInAWarning) {
  json config = with(small(), "attention_foo", 2);
  config["another"] = false;
  config["unset"] = nullptr;
  const std::vector<std::string> warnings = read(config).warnings;
  ASSERT_EQ(warnings.size(), 1U);
  EXPECT_NE(warnings[0].find("another, attention_foo"), std::string::npos) << warnings[0];
  EXPECT_EQ(warnings[0].find("unset"), std::string::npos);
  const auto rope =
      read(with(small(), "rope_scaling", {{"type", "linear"}, {"factor", 2.0}, {"beta_fast", 32}}));
  ASSERT_EQ(rope.warnings.size(), 1U);
  EXPECT_NE(rope.warnings[0].find("beta_fast"), std::string::npos) << rope.warnings[0];
}

TEST(ConfigJson, RopeParametersByLayerType) {
  const json theta{{"rope_type", "default"}, {"rope_theta", 1e6}};
  const json window{{"rope_type", "default"}, {"rope_theta", 1e4}};
  const auto with_rope = [](const json& parameters) {
    return with(small("Qwen2ForCausalLM"), "rope_parameters", parameters);
  };
  EXPECT_EQ(read(with_rope({{"full_attention", theta}})).rope.theta, 1e6);
  EXPECT_EQ(read(with_rope({{"full_attention", theta}, {"sliding_attention", window}})).rope.theta, 1e6);
  json mixed = with_rope({{"full_attention", theta}, {"sliding_attention", window}});
  mixed.update({{"layer_types", {"full_attention", "sliding_attention"}},
                {"use_sliding_window", true},
                {"sliding_window", 32}});
  expect_refused(mixed, ErrorCode::kUnsupported, {"rope_parameters", "layer types"});
  mixed["rope_parameters"]["sliding_attention"] = theta;
  EXPECT_EQ(read(mixed).rope.theta, 1e6);
  expect_refused(with_rope({{"sliding_attention", theta}}), ErrorCode::kUnsupported,
                 {"rope_parameters", "full_attention"});
  expect_refused(with_rope({{"full_attention", theta}, {"factor", 4.0}}), ErrorCode::kInput,
                 {"rope_parameters", "layer type", "factor"});
  expect_refused(with_rope({{"full_attention", {{"factor", 4.0}}}}), ErrorCode::kInput,
                 {"full_attention", "factor", "rope_type"});
}

TEST(ConfigJson, RopeScalingCountsBesideRopeParameters) {
  const json yarn{{"rope_type", "yarn"}, {"factor", 4.0}, {"original_max_position_embeddings", 32}};
  json config = with(with(small(), "rope_scaling", yarn), "rope_parameters",
                     {{"rope_type", "default"}, {"rope_theta", 500000.0}});
  EXPECT_EQ(read(config).rope.scaling, RopeScaling::kYarn);
  EXPECT_EQ(read(config).rope.theta, 500000.0);
  ASSERT_EQ(read(config).warnings.size(), 1U);
  EXPECT_NE(read(config).warnings[0].find("rope_scaling"), std::string::npos);
  // The theta of the object that does not count would be lost.
  config.erase("rope_theta");
  expect_refused(config, ErrorCode::kInput, {"rope_theta", "rope_scaling", "rope_parameters"});
  config["rope_parameters"] = config["rope_scaling"];
  EXPECT_TRUE(read(config).warnings.empty());
}

TEST(ConfigJson, RopeSettingsWithoutATypeAreRefused) {
  for (const char* object : {"rope_scaling", "rope_parameters"}) {
    expect_refused(with(small(), object, {{"factor", 4.0}}), ErrorCode::kInput,
                   {object, "factor", "rope_type"});
    expect_refused(with(small(), object, {{"rope_theta", 1e4}, {"mrope_section", {16, 24, 24}}}),
                   ErrorCode::kInput, {object, "mrope_section", "rope_type"});
  }
  expect_refused(with(small(), "rope_scaling", {{"rope_type", "linear"}, {"type", "yarn"}, {"factor", 4.0}}),
                 ErrorCode::kInput, {"rope_type", "linear", "type", "yarn"});
}

// Defaults and fallbacks; the frequencies are compared with transformers' in rope_frequencies_test.
TEST(ConfigJson, Yarn) {
  const json yarn{{"type", "yarn"}, {"factor", 4.0}, {"original_max_position_embeddings", 16}};
  const auto read_yarn = [&](const json& changes, const json& outside = json::object()) {
    json config = small();
    config["rope_scaling"] = yarn;
    config["rope_scaling"].update(changes);
    config.update(outside);
    return read(config).rope;
  };
  const double suggested = 0.1 * std::log(4.0) + 1;
  EXPECT_EQ(read_yarn(json::object()).factor, 4);
  EXPECT_EQ(read_yarn(json::object()).original_max_position_embeddings, 16);
  EXPECT_EQ(read_yarn(json::object()).beta_fast, 32);
  EXPECT_EQ(read_yarn(json::object()).beta_slow, 1);
  EXPECT_TRUE(read_yarn(json::object()).truncate);
  EXPECT_DOUBLE_EQ(read_yarn(json::object()).attention_factor, suggested);
  EXPECT_DOUBLE_EQ(read_yarn({{"mscale", 1.0}}).attention_factor, suggested) << "both, or neither";
  EXPECT_DOUBLE_EQ(read_yarn({{"mscale", 2.0}, {"mscale_all_dim", 0.5}}).attention_factor,
                   (0.2 * std::log(4.0) + 1) / (0.05 * std::log(4.0) + 1));
  EXPECT_EQ(read_yarn({{"attention_factor", 1.5}, {"mscale", 2.0}, {"mscale_all_dim", 0.5}}).attention_factor,
            1.5);
  EXPECT_EQ(read_yarn({{"beta_fast", 0}, {"beta_slow", nullptr}}).beta_fast, 32)
      << "as Python's `or` takes it";
  EXPECT_EQ(read_yarn({{"original_max_position_embeddings", nullptr}}).original_max_position_embeddings, 64);
  EXPECT_EQ(read_yarn({{"factor", nullptr}}).factor, 4) << "64 / 16";
  const json outside{{"original_max_position_embeddings", 32}};
  EXPECT_EQ(
      read_yarn({{"original_max_position_embeddings", nullptr}}, outside).original_max_position_embeddings,
      32);
  json config = with(small(), "rope_scaling", yarn);
  EXPECT_EQ(read(config).max_positions, 64);
  config["rope_scaling"]["factor"] = 8.0;
  EXPECT_EQ(read(config).max_positions, 128) << "longer than max_position_embeddings says";
  config["original_max_position_embeddings"] = 32;
  expect_refused(config, ErrorCode::kInput, {"original_max_position_embeddings", "16", "32"});
  for (const json& wrong : {json{{"factor", 0.5}}, json{{"attention_factor", 0.0}}, json{{"beta_fast", -1}},
                            json{{"beta_slow", 64}}, json{{"rope_theta", 1.0}}, json{{"factor", 1e-308}}}) {
    json broken = with(small(), "rope_scaling", yarn);
    broken["rope_scaling"].update(wrong);
    expect_refused(broken, ErrorCode::kInput, {wrong.begin().key()});
  }
}

TEST(ConfigHash, IsOfWhatIsComputed) {
  std::set<uint64_t> hashes{hash_of(read(small()))};
  for (const json& other :
       {with(small(), "rope_theta", 10000.0), with(small(), "rms_norm_eps", 1e-6),
        with(small(), "hidden_size", 96), with(small(), "tie_word_embeddings", true),
        with(small(), "attention_bias", true),
        with(small(), "rope_scaling", {{"rope_type", "linear"}, {"factor", 2.0}}),
        with(small(), "rope_scaling", {{"rope_type", "yarn"}, {"factor", 2.0}}),
        with(small(), "rope_scaling", {{"rope_type", "yarn"}, {"factor", 2.0}, {"attention_factor", 1.0}}),
        with(small(), "rope_scaling", {{"rope_type", "yarn"}, {"factor", 2.0}, {"truncate", false}}),
        with(small(), "rope_scaling", {{"rope_type", "yarn"}, {"factor", 2.0}, {"beta_fast", 16}}),
        with(small(), "rope_scaling", {{"rope_type", "yarn"}, {"factor", 2.0}, {"beta_slow", 2}})})
    EXPECT_TRUE(hashes.insert(hash_of(read(other))).second) << other;
  EXPECT_FALSE(hashes.insert(hash_of(read(with(small(), "max_position_embeddings", 128)))).second);
  for (const json& width : {json(), json(16), json(32)})
    EXPECT_TRUE(
        hashes.insert(hash_of(read(with(small("MistralForCausalLM"), "sliding_window", width)))).second);
  for (const json& other : {pythia(), with(pythia(), "rotary_pct", 1.0),
                            with(pythia(), "use_parallel_residual", true), small("Olmo2ForCausalLM")})
    EXPECT_TRUE(hashes.insert(hash_of(read(other))).second) << other;
  // A part that no file sets by itself.
  const ModelConfig config = read(small());
  const auto expect_new = [&](const std::function<void(ModelConfig&)>& change) {
    ModelConfig changed = config;
    change(changed);
    EXPECT_TRUE(hashes.insert(hash_of(changed)).second);
  };
  expect_new([](ModelConfig& c) { c.norm = NormKind::kRmsRoundedOnce; });
  expect_new([](ModelConfig& c) { c.norm = NormKind::kLayer; });
  expect_new([](ModelConfig& c) { c.norm_placement = NormPlacement::kAfterBlocks; });
  expect_new([](ModelConfig& c) { c.qk_norm = QkNorm::kEachHead; });
  expect_new([](ModelConfig& c) { c.qk_norm = QkNorm::kWhole; });
  expect_new([](ModelConfig& c) { c.blocks = Blocks::kParallel; });
  expect_new([](ModelConfig& c) { c.activation = Activation::kGelu; });
  expect_new([](ModelConfig& c) { c.rope.rotary_dim = 4; });
}

}  // namespace
}  // namespace tugline::test
