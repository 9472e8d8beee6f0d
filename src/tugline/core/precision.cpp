#include "tugline/core/precision.h"

#include <algorithm>
#include <array>
#include <cstddef>

namespace tugline {
namespace {

// Indexed by Precision.
constexpr std::array<std::string_view, 4> kNames{"f64", "f32", "bf16", "plain-bf16"};

}  // namespace

std::string_view name_of(Precision precision) { return kNames[static_cast<size_t>(precision)]; }

std::optional<Precision> precision_of(std::string_view name) {
  const auto found = std::find(kNames.begin(), kNames.end(), name);
  if (found == kNames.end()) return std::nullopt;
  return static_cast<Precision>(found - kNames.begin());
}

std::string precision_label(std::string_view name) {
  const bool noisy = name == name_of(Precision::kPlainBf16);
  return std::string(name) + (noisy ? " (values, rounding noise included)" : "");
}

}  // namespace tugline
