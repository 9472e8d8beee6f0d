// Packs the numbers of response_rows into few bytes, and unpacks them to the same bits. For the store's own
// sources. docs/store.md, "Packed rows", says how other programs read them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "tugline/core/measures.h"

namespace tugline {

struct PackedNumbers {
  int64_t bits = 0;  // of a number: 1 (kFlag), 32 (f32, or i32), 64 (f64, if f32 does not hold all of them)
  bool is_deflated = false;
  std::vector<std::byte> bytes = {};
};

// `numbers`: [pushes, numbers of a push]; of kTokens an i32 and an f32 by turns.
[[nodiscard]] PackedNumbers packed_numbers(std::span<const double> numbers, size_t pushes, RowType type);

// No value if `packed` is not what packed_numbers makes of one number of the type, for kTokens an even count
// of them, at each of `rows` rows of `pushes` pushes. Takes memory for 8 times the packed bytes at most, and
// for an f64 for each number.
[[nodiscard]] std::optional<std::vector<double>> unpacked_numbers(const PackedNumbers& packed, size_t pushes,
                                                                  size_t rows, RowType type);

}  // namespace tugline
