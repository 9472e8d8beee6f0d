// Where in a layer a push lands, by TransformerLens's names (docs/method.md, "Hooks").
#pragma once

#include <string_view>

#include "tugline/core/ids.h"

namespace tugline {

enum class Hook {
  kResidPre,   // the layer's input: resid_post of the layer below, or the embedding
  kResidMid,   // after its attention block, before its MLP block
  kResidPost,  // its output
};

[[nodiscard]] constexpr std::string_view name_of(Hook hook) {
  return hook == Hook::kResidPre ? "resid_pre" : hook == Hook::kResidMid ? "resid_mid" : "resid_post";
}

// The lowest layer whose attention block a push goes through; the number of layers where none is left.
[[nodiscard]] constexpr LayerIndex first_attended(Hook hook, LayerIndex layer) {
  return hook == Hook::kResidPre ? layer : LayerIndex{layer.value + 1};
}

// The layer at whose output a push would have as many attention blocks above it: -1 for resid_pre of layer 0.
[[nodiscard]] constexpr LayerIndex equivalent_output(Hook hook, LayerIndex layer) {
  return {first_attended(hook, layer).value - 1};
}

}  // namespace tugline
