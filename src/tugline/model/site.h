// The place where a push lands: a layer, and a point in it with TransformerLens's name (docs/method.md, "Hooks").
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

// Layer and point together. A layer alone does not say what a push reaches or costs.
struct Site {
  constexpr Site(LayerIndex at, Hook in) : layer(at), hook(in) {}
  LayerIndex layer;
  Hook hook;
};

}  // namespace tugline
