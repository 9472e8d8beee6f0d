// The place where a push lands: a layer, and a point in it with TransformerLens's name (docs/method.md,
// "Hooks").
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <utility>

#include "tugline/core/ids.h"

namespace tugline {

enum class Hook {
  kResidPre,   // the layer's input: resid_post of the layer below, or the embedding
  kZ,          // a head's output, before the attention block's output projection
  kAttnOut,    // the attention block's output, as it is added to the residual
  kResidMid,   // after the attention block, before the MLP block
  kMlpOut,     // the MLP block's output, as it is added to the residual
  kResidPost,  // the layer's output
};

inline constexpr std::array<std::pair<const char*, Hook>, 6> kHooks{{{"resid_pre", Hook::kResidPre},
                                                                     {"z", Hook::kZ},
                                                                     {"attn_out", Hook::kAttnOut},
                                                                     {"resid_mid", Hook::kResidMid},
                                                                     {"mlp_out", Hook::kMlpOut},
                                                                     {"resid_post", Hook::kResidPost}}};

[[nodiscard]] constexpr std::string_view name_of(Hook hook) {
  for (const auto& [name, known] : kHooks)
    if (known == hook) return name;
  return "";
}

// Whether what is pushed is the residual itself.
[[nodiscard]] constexpr bool is_residual(Hook hook) {
  return hook == Hook::kResidPre || hook == Hook::kResidMid || hook == Hook::kResidPost;
}

// A point of a layer: a hook, and for kZ the query head. A hook other than kZ is a point by itself.
struct SitePoint {
  constexpr SitePoint(Hook at = Hook::kResidPost, int32_t of_head = 0) : hook(at), head(of_head) {}
  Hook hook;
  int32_t head;
  bool operator==(const SitePoint&) const = default;
};

// Layer and point together. A layer alone does not say what a push reaches or costs.
struct Site {
  constexpr Site(LayerIndex at, SitePoint in) : layer(at), point(in) {}
  LayerIndex layer;
  SitePoint point;
};

}  // namespace tugline
