#include "tugline/core/measures.h"

#include <algorithm>
#include <cmath>

namespace tugline {
namespace {

constexpr int kRelativeBits = 16;  // of a rounded value, after the first
constexpr int kAbsoluteBits = 19;  // after the binary point, if those are more

}  // namespace

double kept_row_value(RowType type, double value) {
  if (type == RowType::kRounded && value != 0 && std::isfinite(value)) {
    const int bits_after_point = std::max(kRelativeBits - std::ilogb(value), kAbsoluteBits);
    value = std::ldexp(std::nearbyint(std::ldexp(value, bits_after_point)), -bits_after_point);
  }
  return static_cast<float>(value);
}

}  // namespace tugline
