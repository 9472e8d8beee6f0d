// The precisions in which a run's numbers can be computed, and their names in identities, tables and figures
// (docs/method.md, "Precision").
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace tugline {

enum class Precision {
  kF64,        // of the reference backend; commands do not offer it
  kF32,        // differences, all in f32
  kBf16,       // differences, their matrix products in bf16
  kPlainBf16,  // values instead of differences, every result rounded to bf16, as a hooked bf16 model computes
};

// "f64", "f32", "bf16", "plain-bf16".
[[nodiscard]] std::string_view name_of(Precision precision);
[[nodiscard]] std::optional<Precision> precision_of(std::string_view name);

// The text that is shown to people for a precision's name: the name, and for plain-bf16 a note that its
// numbers include rounding noise. An unknown name is returned unchanged.
[[nodiscard]] std::string precision_label(std::string_view name);

}  // namespace tugline
