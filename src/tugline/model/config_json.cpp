// config.json, as the hub's libraries write it.
#include <fstream>
#include <nlohmann/json.hpp>

#include "tugline/core/error.h"
#include "tugline/model/config.h"

namespace tugline {
namespace {

using nlohmann::json;

// Reads fields of one JSON object and says which file and field was wrong.
class Fields {
 public:
  Fields(const json& object, std::string where) : object_(object), where_(std::move(where)) {}

  // A null is an absent field: configurations write both.
  [[nodiscard]] const json* find(const char* name) const {
    const auto found = object_.find(name);
    return found == object_.end() || found->is_null() ? nullptr : &*found;
  }

  [[nodiscard]] int64_t integer(const char* name) const { return integer_or(name, std::nullopt); }
  [[nodiscard]] int64_t integer_or(const char* name, std::optional<int64_t> otherwise) const {
    const json* field = find_or_fail(name, otherwise.has_value());
    if (field == nullptr) return *otherwise;
    if (!field->is_number_integer()) wrong_type(name, "an integer", *field);
    return field->get<int64_t>();
  }
  [[nodiscard]] double number_or(const char* name, std::optional<double> otherwise) const {
    const json* field = find_or_fail(name, otherwise.has_value());
    if (field == nullptr) return *otherwise;
    if (!field->is_number()) wrong_type(name, "a number", *field);
    return field->get<double>();
  }
  [[nodiscard]] bool boolean_or(const char* name, bool otherwise) const {
    const json* field = find(name);
    if (field == nullptr) return otherwise;
    if (!field->is_boolean()) wrong_type(name, "true or false", *field);
    return field->get<bool>();
  }
  [[nodiscard]] std::string text_or(const char* name, const std::string& otherwise) const {
    const json* field = find(name);
    if (field == nullptr) return otherwise;
    if (!field->is_string()) wrong_type(name, "a string", *field);
    return field->get<std::string>();
  }
  [[nodiscard]] const std::string& where() const { return where_; }

 private:
  [[nodiscard]] const json* find_or_fail(const char* name, bool optional) const {
    const json* field = find(name);
    if (field == nullptr && !optional) fail(ErrorCode::kInput, "{}: the field {} is missing", where_, name);
    return field;
  }
  [[noreturn]] void wrong_type(const char* name, const char* expected, const json& found) const {
    fail(ErrorCode::kInput, "{}: {} should be {}, found {}", where_, name, expected, found.dump());
  }

  const json& object_;
  std::string where_;
};

json parse_object(const std::filesystem::path& path) {
  std::ifstream file(path);
  if (!file) fail(ErrorCode::kNotFound, "{}: cannot be opened; a model directory needs it", path.string());
  json parsed = json::parse(file, nullptr, false);
  if (parsed.is_discarded()) fail(ErrorCode::kInput, "{}: is not valid JSON", path.string());
  if (!parsed.is_object())
    fail(ErrorCode::kInput, "{}: expected a JSON object, found {}", path.string(), parsed.type_name());
  return parsed;
}

Architecture read_architecture(const Fields& fields) {
  const json* list = fields.find("architectures");
  if (list == nullptr || !list->is_array() || list->size() != 1 || !list->front().is_string())
    fail(ErrorCode::kInput, "{}: architectures should be a list of one name", fields.where());
  const auto name = list->front().get<std::string>();
  for (const Architecture known :
       {Architecture::kLlama, Architecture::kQwen2, Architecture::kQwen3, Architecture::kMistral})
    if (name == name_of(known)) return known;
  fail(ErrorCode::kUnsupported,
       "{}: architecture {} is not supported; tugline runs LlamaForCausalLM, Qwen2ForCausalLM, "
       "Qwen3ForCausalLM and "
       "MistralForCausalLM",
       fields.where(), name);
}

void refuse_partial_rotation(const Fields& fields) {
  const double share = fields.number_or("partial_rotary_factor", 1.0);
  if (share != 1.0)
    fail(ErrorCode::kUnsupported, "{}: partial_rotary_factor = {} is not supported; expected 1",
         fields.where(), share);
}

// Fields that change what the model computes and that tugline does not have. Harmless values are let through.
void refuse_unknown_mathematics(const Fields& fields) {
  for (const char* name :
       {"attn_logit_softcapping", "final_logit_softcapping", "query_pre_attn_scalar", "logit_scale",
        "embedding_multiplier", "residual_multiplier", "attention_multiplier", "logits_scaling",
        "num_local_experts", "num_experts", "quantization_config", "clip_qkv", "attention_sink_size"})
    if (fields.find(name) != nullptr)
      fail(ErrorCode::kUnsupported, "{}: {} = {} is not supported", fields.where(), name,
           fields.find(name)->dump());
  refuse_partial_rotation(fields);
  const std::string activation = fields.text_or("hidden_act", "silu");
  if (activation != "silu" && activation != "swish")
    fail(ErrorCode::kUnsupported, "{}: hidden_act {} is not supported; expected silu", fields.where(),
         activation);
}

// Both spellings: rope_theta beside rope_scaling (null, or an object), and the newer rope_parameters that holds all.
RopeConfig read_rope(const Fields& fields) {
  RopeConfig rope;
  rope.theta = fields.number_or("rope_theta", 10000.0);
  const bool newer = fields.find("rope_parameters") != nullptr;
  const json* object = fields.find(newer ? "rope_parameters" : "rope_scaling");
  if (object == nullptr) return rope;
  const std::string where = fields.where() + (newer ? ": rope_parameters" : ": rope_scaling");
  if (!object->is_object())
    fail(ErrorCode::kInput, "{} should be an object, found {}", where, object->dump());
  const Fields scaling(*object, where);
  refuse_partial_rotation(scaling);
  rope.theta = scaling.number_or("rope_theta", rope.theta);
  const std::string type = scaling.text_or("rope_type", scaling.text_or("type", "default"));
  if (type == "default") return rope;
  rope.factor = scaling.number_or("factor", std::nullopt);
  if (type == "linear") {
    rope.scaling = RopeScaling::kLinear;
  } else if (type == "llama3") {
    rope.scaling = RopeScaling::kLlama3;
    rope.low_freq_factor = scaling.number_or("low_freq_factor", std::nullopt);
    rope.high_freq_factor = scaling.number_or("high_freq_factor", std::nullopt);
    rope.original_max_position_embeddings =
        scaling.number_or("original_max_position_embeddings", std::nullopt);
  } else {
    fail(ErrorCode::kUnsupported, "{}: RoPE type {} is not supported; tugline has default, linear and llama3",
         where, type);
  }
  return rope;
}

// Qwen configurations carry a window that is off unless use_sliding_window says so; Mistral's is on where it is not null.
std::optional<int64_t> read_sliding_window(const Fields& fields, Architecture architecture) {
  const bool qwen = architecture == Architecture::kQwen2 || architecture == Architecture::kQwen3;
  if (fields.find("sliding_window") == nullptr) return std::nullopt;
  if (qwen && !fields.boolean_or("use_sliding_window", false)) return std::nullopt;
  return fields.integer("sliding_window");
}

// Some configurations say of each layer what it attends to.
void check_layer_types(const Fields& fields, bool windowed) {
  const json* types = fields.find("layer_types");
  if (types == nullptr) return;
  if (!types->is_array())
    fail(ErrorCode::kInput, "{}: layer_types should be a list, found {}", fields.where(), types->dump());
  for (const json& type : *types) {
    if (type == "full_attention" || (type == "sliding_attention" && windowed)) continue;
    if (type == "sliding_attention")
      fail(ErrorCode::kInput, "{}: layer_types has sliding_attention, but sliding_window says no width",
           fields.where());
    fail(ErrorCode::kUnsupported, "{}: layer_types has {}, which is not supported; expected full_attention",
         fields.where(), type.dump());
  }
}

}  // namespace

ModelConfig read_config_json(const std::filesystem::path& path) {
  const json object = parse_object(path);
  const Fields fields(object, path.string());
  ModelConfig config;
  config.architecture = read_architecture(fields);
  refuse_unknown_mathematics(fields);
  const auto directory = std::filesystem::absolute(path).lexically_normal().parent_path();
  config.name = directory.filename().string();
  config.hidden_size = fields.integer("hidden_size");
  config.intermediate_size = fields.integer("intermediate_size");
  config.num_layers = fields.integer("num_hidden_layers");
  config.num_heads = fields.integer("num_attention_heads");
  config.num_kv_heads = fields.integer_or("num_key_value_heads", config.num_heads);
  if (config.num_heads <= 0)
    fail(ErrorCode::kInput, "{}: num_attention_heads is {}; expected a positive number", path.string(),
         config.num_heads);
  config.head_dim = fields.integer_or("head_dim", config.hidden_size / config.num_heads);
  config.vocab_size = fields.integer("vocab_size");
  config.max_positions = fields.integer_or("max_position_embeddings", 0);
  config.sliding_window = read_sliding_window(fields, config.architecture);
  check_layer_types(fields, config.sliding_window.has_value());
  config.rms_norm_eps = fields.number_or("rms_norm_eps", 1e-6);
  config.rope = read_rope(fields);
  config.tied_head = fields.boolean_or("tie_word_embeddings", false);
  const bool attention_bias = fields.boolean_or("attention_bias", false);
  config.qkv_bias = config.architecture == Architecture::kQwen2 || attention_bias;
  config.output_bias = config.architecture != Architecture::kQwen2 && attention_bias;
  config.mlp_bias = fields.boolean_or("mlp_bias", false);
  config.qk_norm = config.architecture == Architecture::kQwen3;
  check_config(config, path.string());
  return config;
}

}  // namespace tugline
