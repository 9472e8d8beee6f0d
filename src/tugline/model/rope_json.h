// RoPE's settings in config.json, in all the spellings that transformers has had. Internal to model/.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "tugline/model/json_settings.h"
#include "tugline/model/rope.h"

namespace tugline {

// Other settings of the model that decide its RoPE.
struct RopeSurroundings {
  int64_t max_positions = 0;          // max_position_embeddings; 0 if it is absent
  std::set<std::string> layer_types;  // of the model's layers: "full_attention", ...
  int64_t head_dim = 0;
  double theta = 10000;  // if neither object nor rope_theta says one
  // The part of a head's columns that is rotated, if partial_rotary_factor does not say it. No value: the
  // family rotates all of them.
  std::optional<double> share = {};
};

// Reads rope_theta with rope_scaling, or the newer rope_parameters, flat or keyed by layer type. If both
// objects are present, rope_scaling counts, as in transformers. A setting that the type does not use is named
// in `warnings`. Errors: an unknown type, a setting without a type, contradictions, layer types that differ.
[[nodiscard]] RopeConfig read_rope_json(const JsonSettings& settings, const RopeSurroundings& surroundings,
                                        std::vector<std::string>& warnings);

}  // namespace tugline
