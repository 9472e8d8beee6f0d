#include "tugline/model/rope_json.h"

#include <array>
#include <optional>

#include "tugline/core/error.h"
#include "tugline/core/printable.h"
#include "tugline/core/strict_json.h"

namespace tugline {
namespace {

using nlohmann::json;

constexpr std::array kLayerTypes{"full_attention", "sliding_attention", "chunked_attention",
                                 "linear_attention"};

class RopeReader {
 public:
  RopeReader(const JsonSettings& settings, const RopeSurroundings& surroundings,
             std::vector<std::string>& warnings)
      : settings_(settings), surroundings_(surroundings), warnings_(warnings) {}

  RopeConfig read() {
    const json* older = settings_.find_object("rope_scaling");
    const json* newer = settings_.find_object("rope_parameters");
    theta_ = settings_.number_or("rope_theta", surroundings_.theta);
    if (older != nullptr && newer != nullptr) choose_older(*older, *newer);
    if (older == nullptr && newer == nullptr) return start(theta_, surroundings_.share.value_or(1));
    const std::string where =
        fmt::format("{}: {}", settings_.where(), older != nullptr ? "rope_scaling" : "rope_parameters");
    const JsonSettings chosen(older != nullptr ? *older : *newer, where);
    return is_nested(chosen) ? read_nested(chosen) : read_flat(chosen, original_beside());
  }

 private:
  void choose_older(const json& older, const json& newer) {
    if (older == newer) return;
    // transformers would then take its default theta in silence, not the one that the other object holds.
    if (!older.contains("rope_theta") && settings_.find("rope_theta") == nullptr && has_other_theta(newer))
      fail(ErrorCode::kInput,
           "{}: rope_scaling and rope_parameters are both there, so rope_scaling counts, but only "
           "rope_parameters has "
           "rope_theta: put it into rope_scaling",
           settings_.where());
    warnings_.push_back(fmt::format(
        "{}: rope_scaling and rope_parameters are both there; rope_scaling counts, as in transformers",
        settings_.where()));
  }

  // No scaling; `share` of each head's columns rotated.
  [[nodiscard]] RopeConfig start(double theta, double share) const {
    RopeConfig rope;
    rope.theta = theta;
    if (surroundings_.share)  // rounded down, as in transformers
      rope.rotary_dim = static_cast<int64_t>(static_cast<double>(surroundings_.head_dim) * share);
    return rope;
  }

  [[nodiscard]] bool has_other_theta(const json& parameters) const {
    for (const auto& [name, value] : parameters.items()) {
      const json& theta = value.is_object() && value.contains("rope_theta") ? value["rope_theta"] : value;
      if ((name == "rope_theta" || value.is_object()) && theta.is_number() && theta != surroundings_.theta)
        return true;
    }
    return false;
  }

  static bool is_nested(const JsonSettings& chosen) {
    bool nested = false;
    for (const char* type : kLayerTypes) nested = chosen.find(type) != nullptr || nested;
    return nested;
  }

  RopeConfig read_nested(const JsonSettings& chosen) {
    std::optional<RopeConfig> common;
    if (const auto other = chosen.unread(); !other.empty())
      fail(ErrorCode::kInput, "{} is keyed by layer type, but also has {}", chosen.where(), listed(other));
    for (const std::string& type : surroundings_.layer_types) {
      const json* entry = chosen.find_object(type.c_str());
      if (entry == nullptr)
        fail(ErrorCode::kUnsupported,
             "{} has no entry for {}, a type that layers have; tugline rotates every layer", chosen.where(),
             type);
      const RopeConfig rope = read_flat(JsonSettings(*entry, chosen.where() + "." + type), std::nullopt);
      if (common && *common != rope)
        fail(ErrorCode::kUnsupported, "{} differs between layer types, which is not supported",
             chosen.where());
      common = rope;
    }
    return common.value_or(RopeConfig{});
  }

  // original_max_position_embeddings beside rope_scaling, not in it.
  [[nodiscard]] std::optional<double> original_beside() const {
    if (settings_.find("original_max_position_embeddings") == nullptr) return std::nullopt;
    return settings_.number_or("original_max_position_embeddings", std::nullopt);
  }

  RopeConfig read_flat(const JsonSettings& scaling, std::optional<double> original) {
    const double share = scaling.number_or("partial_rotary_factor", surroundings_.share.value_or(1));
    const bool is_possible = surroundings_.share ? share > 0 && share <= 1 : share == 1;
    if (!is_possible)
      fail(ErrorCode::kUnsupported, "{}: partial_rotary_factor = {} is not supported; expected {}",
           scaling.where(), share, surroundings_.share ? "a number above 0, up to 1" : "1");
    RopeConfig rope = start(scaling.number_or("rope_theta", theta_), share);
    if (rope.theta != theta_ && settings_.find("rope_theta") != nullptr)
      warnings_.push_back(fmt::format("{}: rope_theta is {} outside and {} here, which counts",
                                      scaling.where(), theta_, rope.theta));
    const std::string type = type_of(scaling);
    if (type == "linear") {
      rope.scaling = RopeScaling::kLinear;
      rope.factor = scaling.number_or("factor", std::nullopt);
    } else if (type == "llama3") {
      read_llama3(scaling, original, rope);
    } else if (type == "yarn") {
      read_yarn(scaling, original, rope);
    } else if (type != "default") {
      fail(ErrorCode::kUnsupported,
           "{}: RoPE type {} is not supported; tugline has default, linear, llama3 and yarn", scaling.where(),
           printable(type));
    }
    if (const auto unread = scaling.unread(); !unread.empty())
      warnings_.push_back(fmt::format("{}: RoPE of type {} has no {}, which is ignored", scaling.where(),
                                      type, listed(unread)));
    return rope;
  }

  static std::string type_of(const JsonSettings& scaling) {
    const json* newer = scaling.find("rope_type");
    const json* older = scaling.find("type");
    if (newer != nullptr && older != nullptr && *newer != *older)
      fail(ErrorCode::kInput, "{}: rope_type is {}, but type is {}; one of them is wrong", scaling.where(),
           shown(*newer), shown(*older));
    if (newer != nullptr) return scaling.text_or("rope_type", "");
    if (older != nullptr) return scaling.text_or("type", "");
    if (const auto other = scaling.unread(); !other.empty())
      fail(ErrorCode::kInput,
           "{}: has {}, but no rope_type (linear, llama3, yarn) that says what to do with it",
           scaling.where(), listed(other));
    return "default";
  }

  static double original_of(const JsonSettings& scaling, std::optional<double> beside,
                            std::optional<double> otherwise) {
    const char* name = "original_max_position_embeddings";
    if (!beside) return scaling.number_or(name, otherwise);
    if (const double inside = scaling.number_or(name, beside); inside != *beside)
      fail(ErrorCode::kInput, "{}: {} is {} here and {} outside; one of them is wrong", scaling.where(), name,
           inside, *beside);
    return *beside;
  }

  static void read_llama3(const JsonSettings& scaling, std::optional<double> original, RopeConfig& rope) {
    rope.scaling = RopeScaling::kLlama3;
    rope.factor = scaling.number_or("factor", std::nullopt);
    rope.low_freq_factor = scaling.number_or("low_freq_factor", std::nullopt);
    rope.high_freq_factor = scaling.number_or("high_freq_factor", std::nullopt);
    rope.original_max_position_embeddings = original_of(scaling, original, std::nullopt);
  }

  // Defaults and fallbacks are those of transformers.
  void read_yarn(const JsonSettings& scaling, std::optional<double> original, RopeConfig& rope) const {
    rope.scaling = RopeScaling::kYarn;
    const auto positions = static_cast<double>(surroundings_.max_positions);
    rope.original_max_position_embeddings =
        original_of(scaling, original, positions > 0 ? std::optional(positions) : std::nullopt);
    rope.factor = scaling.is_null("factor") && positions > 0
                      ? positions / rope.original_max_position_embeddings
                      : scaling.number_or("factor", std::nullopt);
    const auto unless_zero = [&](const char* name, double otherwise) {
      const double value = scaling.number_or(name, otherwise);
      return value == 0 ? otherwise : value;
    };
    rope.beta_fast = unless_zero("beta_fast", rope.beta_fast);
    rope.beta_slow = unless_zero("beta_slow", rope.beta_slow);
    rope.truncate = scaling.boolean_or("truncate", true);
    const double mscale = scaling.number_or("mscale", 0.0);
    const double mscale_all_dim = scaling.number_or("mscale_all_dim", 0.0);
    const double suggested =
        mscale != 0 && mscale_all_dim != 0
            ? yarn_attention_factor(rope.factor, mscale) / yarn_attention_factor(rope.factor, mscale_all_dim)
            : yarn_attention_factor(rope.factor);
    rope.attention_factor = scaling.number_or("attention_factor", suggested);
  }

  const JsonSettings& settings_;
  const RopeSurroundings& surroundings_;
  std::vector<std::string>& warnings_;
  double theta_ = 0;  // if the object has none
};

}  // namespace

RopeConfig read_rope_json(const JsonSettings& settings, const RopeSurroundings& surroundings,
                          std::vector<std::string>& warnings) {
  return RopeReader(settings, surroundings, warnings).read();
}

}  // namespace tugline
