// How a run's numbers are computed, as its identity, its tables and its figures name it (docs/method.md, "Precision").
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace tugline {

enum class Precision {
  kF64,   // the reference backend's; no option of a command
  kF32,   // differences, all in f32
  kBf16,  // differences, their matrix products in bf16
  kPlainBf16,  // values rather than differences, every result rounded to bf16: what a bf16 model behind hooks computes
};

// "f64", "f32", "bf16", "plain-bf16".
[[nodiscard]] std::string_view name_of(Precision precision);
[[nodiscard]] std::optional<Precision> precision_of(std::string_view name);

// What is shown to people for a precision's name: the name, and for plain-bf16 that its numbers hold rounding noise. A name that is
// not known is shown as it is.
[[nodiscard]] std::string precision_label(std::string_view name);

}  // namespace tugline
