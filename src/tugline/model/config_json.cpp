// config.json, as the hub's libraries write it.
#include <array>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>

#include "tugline/core/error.h"
#include "tugline/core/printable.h"
#include "tugline/core/strict_json.h"
#include "tugline/files/mapped_file.h"
#include "tugline/model/config.h"
#include "tugline/model/json_settings.h"
#include "tugline/model/known_settings.h"
#include "tugline/model/rope_json.h"

namespace tugline {
namespace {

using nlohmann::json;

struct Family {
  Architecture architecture;
  std::string_view model_type;
};

constexpr std::array kFamilies{
    Family{Architecture::kLlama, "llama"}, Family{Architecture::kQwen2, "qwen2"},
    Family{Architecture::kQwen3, "qwen3"}, Family{Architecture::kMistral, "mistral"},
    Family{Architecture::kOlmo2, "olmo2"}, Family{Architecture::kGptNeox, "gpt_neox"}};

// "LlamaForCausalLM, Qwen2ForCausalLM, ... and MistralForCausalLM"
std::string family_names() {
  std::string names;
  for (size_t i = 0; i < kFamilies.size(); ++i) {
    if (i > 0) names += i + 1 == kFamilies.size() ? " and " : ", ";
    names += name_of(kFamilies[i].architecture);
  }
  return names;
}

json parse_object(const std::filesystem::path& path) {
  const MappedFile file = MappedFile::open(path);
  const std::string_view text(reinterpret_cast<const char*>(file.bytes().data()), file.bytes().size());
  json parsed = parse_strict_json(text, path.string());
  if (!parsed.is_object())
    fail(ErrorCode::kInput, "{}: expected a JSON object, found {}", path.string(), parsed.type_name());
  return parsed;
}

Family family_of_type(const JsonSettings& settings, const std::string& model_type) {
  if (model_type.empty())
    fail(ErrorCode::kInput, "{}: architectures and model_type are missing: nothing says what the model is",
         settings.where());
  for (const Family& known : kFamilies)
    if (model_type == known.model_type) return known;
  fail(ErrorCode::kUnsupported, "{}: model_type {} is not supported; tugline runs {}", settings.where(),
       printable(model_type), family_names());
}

Architecture read_architecture(const JsonSettings& settings) {
  const std::string model_type = settings.text_or("model_type", "");
  const json* list = settings.find("architectures");
  if (list == nullptr || (list->is_array() && list->empty()))
    return family_of_type(settings, model_type).architecture;
  if (!list->is_array() || list->size() != 1 || !list->front().is_string())
    fail(ErrorCode::kInput, "{}: architectures should be a list of one name, found {}", settings.where(),
         shown(*list));
  const auto name = list->front().get<std::string>();
  for (const Family& known : kFamilies) {
    if (name != name_of(known.architecture)) continue;
    if (!model_type.empty() && model_type != known.model_type)
      fail(ErrorCode::kInput, "{}: architectures says {}, but model_type says {}; one of them is wrong",
           settings.where(), name, printable(model_type));
    return known.architecture;
  }
  fail(ErrorCode::kUnsupported, "{}: architecture {} is not supported; tugline runs {}", settings.where(),
       printable(name), family_names());
}

// Whether every layer of the family has a sliding window unless its configuration says otherwise.
bool has_window(Architecture architecture) {
  return architecture == Architecture::kQwen2 || architecture == Architecture::kQwen3 ||
         architecture == Architecture::kMistral;
}

bool is_qwen(Architecture architecture) {
  return architecture == Architecture::kQwen2 || architecture == Architecture::kQwen3;
}

constexpr std::string_view kFull = "full_attention";
constexpr std::string_view kSliding = "sliding_attention";

// What each layer attends to, as some configurations say; empty if this one does not.
std::vector<std::string> read_layer_types(const JsonSettings& settings, int64_t num_layers) {
  const json* types = settings.find("layer_types");
  if (types == nullptr) return {};
  if (!types->is_array())
    fail(ErrorCode::kInput, "{}: layer_types should be a list, found {}", settings.where(), shown(*types));
  if (static_cast<int64_t>(types->size()) != num_layers)
    fail(ErrorCode::kInput, "{}: layer_types has {} entries, but num_hidden_layers is {}", settings.where(),
         types->size(), num_layers);
  std::vector<std::string> found;
  for (const json& type : *types) {
    if (type != kFull && type != kSliding)
      fail(ErrorCode::kUnsupported, "{}: layer_types has {}, which is not supported; expected {} or {}",
           settings.where(), shown(type), kFull, kSliding);
    found.push_back(type.get<std::string>());
  }
  return found;
}

// sliding_window. If it is absent transformers takes 4096 for the families that may have a window; only
// null means that there is no window.
std::optional<int64_t> stated_width(const JsonSettings& settings, Architecture architecture) {
  constexpr int64_t kDefault = 4096;
  if (settings.find("sliding_window") != nullptr) return settings.integer("sliding_window");
  if (!has_window(architecture) || settings.is_null("sliding_window")) return std::nullopt;
  return kDefault;
}

// What a configuration says about windows.
struct StatedWindow {
  std::optional<int64_t> width;
  bool is_on = false;
};

StatedWindow stated_window(const JsonSettings& settings, Architecture architecture) {
  const std::optional<int64_t> width = stated_width(settings, architecture);
  const bool is_wanted = !is_qwen(architecture) || settings.boolean_or("use_sliding_window", false);
  return {width, width && is_wanted};
}

// The first layer that has the window if layers are not listed: Qwen's have it from max_window_layers on.
// num_layers: none has it.
int64_t first_windowed(const JsonSettings& settings, const ModelConfig& config, const StatedWindow& window) {
  constexpr int64_t kDefaultMaxWindowLayers = 28;  // transformers'
  if (!window.is_on || !is_qwen(config.architecture)) return config.num_layers;
  return std::clamp<int64_t>(settings.integer_or("max_window_layers", kDefaultMaxWindowLayers), 0,
                             config.num_layers);
}

// `listed`: layer_types. Mistral's layers all have the window, whatever it says.
std::optional<SlidingWindow> read_sliding_window(const JsonSettings& settings, const ModelConfig& config,
                                                 const std::vector<std::string>& listed) {
  const StatedWindow window = stated_window(settings, config.architecture);
  const bool some_listed = std::count(listed.begin(), listed.end(), kSliding) > 0;
  if (some_listed && !window.is_on)
    fail(ErrorCode::kInput, "{}: layer_types has {}, but {}", settings.where(), kSliding,
         window.width ? "use_sliding_window is not true" : "sliding_window says no width");
  if (!window.is_on) return std::nullopt;
  SlidingWindow found{.width = *window.width};
  if (config.architecture == Architecture::kMistral) {
    found.first_layer = 0;
  } else if (listed.empty()) {
    found.first_layer = first_windowed(settings, config, window);
    if (found.first_layer == config.num_layers) return std::nullopt;
  } else {
    if (!some_listed) return std::nullopt;
    if (is_qwen(config.architecture))
      for (const std::string& type : listed) found.listed.push_back(type == kSliding);
  }
  return found;
}

// What the layers attend to, all together, as RoPE's settings name it.
std::set<std::string> kinds_of_layers(const ModelConfig& config, const std::vector<std::string>& listed) {
  if (!listed.empty()) return {listed.begin(), listed.end()};
  const bool qwen_window = is_qwen(config.architecture) && config.sliding_window;
  std::set<std::string> kinds;
  if (!qwen_window || config.sliding_window->first_layer > 0) kinds.emplace(kFull);
  if (qwen_window) kinds.emplace(kSliding);
  return kinds;
}

void read_sizes(const JsonSettings& settings, ModelConfig& config) {
  config.hidden_size = settings.integer("hidden_size");
  config.intermediate_size = settings.integer("intermediate_size");
  config.num_layers = settings.integer("num_hidden_layers");
  config.num_heads = settings.integer("num_attention_heads");
  config.num_kv_heads = settings.integer_or("num_key_value_heads", config.num_heads);
  if (config.num_heads <= 0)
    fail(ErrorCode::kInput, "{}: num_attention_heads is {}; expected a positive number", settings.where(),
         config.num_heads);
  config.head_dim = settings.integer_or("head_dim", config.hidden_size / config.num_heads);
  config.vocab_size = settings.integer("vocab_size");
  config.max_positions = settings.integer_or("max_position_embeddings", 0);
  if (settings.find("max_position_embeddings") != nullptr && config.max_positions <= 0)
    fail(ErrorCode::kInput, "{}: max_position_embeddings is {}; expected a positive number", settings.where(),
         config.max_positions);
  config.norm_eps = settings.number_or(norm_eps_name(config.norm).data(), config.norm_eps);
}

void read_gpt_neox(const JsonSettings& settings, ModelConfig& config) {
  if (config.num_kv_heads != config.num_heads)
    fail(ErrorCode::kUnsupported,
         "{}: num_key_value_heads = {} is not supported; expected num_attention_heads, {}", settings.where(),
         config.num_kv_heads, config.num_heads);
  if (config.q_size() != config.hidden_size)
    fail(ErrorCode::kInput, "{}: hidden_size is {}; expected {} heads of {}", settings.where(),
         config.hidden_size, config.num_heads, config.head_dim);
  config.blocks =
      settings.boolean_or("use_parallel_residual", true) ? Blocks::kParallel : Blocks::kSequential;
}

// Two settings for one number, of which transformers reads the first: they must not differ.
double read_older(const JsonSettings& settings, const char* name, const char* newer, double otherwise) {
  const double value = settings.number_or(name, otherwise);
  if (settings.number_or(newer, value) != value)
    fail(ErrorCode::kInput, "{}: {} is {}, but {} is {}; one of them is wrong", settings.where(), name, value,
         newer, settings.number_or(newer, value));
  return value;
}

// What the family says of RoPE outside rope_scaling and rope_parameters.
RopeSurroundings rope_surroundings(const JsonSettings& settings, const ModelConfig& config,
                                   std::set<std::string> layer_types) {
  RopeSurroundings surroundings{.max_positions = config.max_positions,
                                .layer_types = std::move(layer_types),
                                .head_dim = config.head_dim};
  if (config.architecture == Architecture::kGptNeox) {
    surroundings.theta = read_older(settings, "rotary_emb_base", "rope_theta", surroundings.theta);
    surroundings.share = read_older(settings, "rotary_pct", "partial_rotary_factor", 0.25);
  }
  return surroundings;
}

void read_parts(const JsonSettings& settings, ModelConfig& config) {
  config.tied_head = settings.boolean_or("tie_word_embeddings", false);
  const bool neox = config.architecture == Architecture::kGptNeox;
  const bool attention_bias = settings.boolean_or("attention_bias", neox);
  config.qkv_bias = config.architecture == Architecture::kQwen2 || attention_bias;
  config.output_bias = config.architecture != Architecture::kQwen2 && attention_bias;
  if (neox) return read_gpt_neox(settings, config);
  config.mlp_bias = settings.boolean_or("mlp_bias", false);
}

void warn_of_unknown(const JsonSettings& settings, std::vector<std::string>& warnings) {
  std::vector<std::string> unknown;
  for (const std::string& name : settings.unread())
    if (!is_harmless(name)) unknown.push_back(name);
  if (!unknown.empty())
    warnings.push_back(fmt::format("{}: settings that tugline does not know are ignored: {}",
                                   settings.where(), listed(unknown)));
}

}  // namespace

ModelConfig read_config_json(const std::filesystem::path& path) {
  const json object = parse_object(path);
  const JsonSettings settings(object, path.string());
  ModelConfig config = family_config(read_architecture(settings));
  const auto directory = std::filesystem::absolute(path).lexically_normal().parent_path();
  config.name = directory.filename().string();
  read_sizes(settings, config);
  refuse_unknown_mathematics(settings, config);
  const std::vector<std::string> listed = read_layer_types(settings, config.num_layers);
  config.sliding_window = read_sliding_window(settings, config, listed);
  read_parts(settings, config);
  config.rope = read_rope_json(settings, rope_surroundings(settings, config, kinds_of_layers(config, listed)),
                               config.warnings);
  check_config(config, path.string());
  config.max_positions = positions_after_scaling(config);
  warn_of_unknown(settings, config.warnings);
  return config;
}

}  // namespace tugline
