// The settings of config.json that the reader of sizes does not read: those that would change the
// mathematics, and those that cannot change a number. Internal to model/.
#pragma once

#include <string_view>

#include "tugline/model/config.h"
#include "tugline/model/json_settings.h"

namespace tugline {

// Throws Error (kUnsupported) naming a setting whose value asks for something that tugline does not compute:
// experts, soft caps, multipliers, quantisation and so on. The value with which each changes nothing passes.
// `config` gives the family and the sizes.
void refuse_unknown_mathematics(const JsonSettings& settings, const ModelConfig& config);

// Whether the setting is known not to change any number of a forward pass: token ids, training, generation,
// bookkeeping.
[[nodiscard]] bool is_harmless(std::string_view setting);

}  // namespace tugline
