// Strong types for numbers that must not be mixed up: layers and positions; and half-open ranges.
#pragma once

#include <compare>
#include <cstdint>

namespace tugline {

// Index of a decoder layer, from 0. The point inside the layer at which a push lands is model/site's Hook.
struct LayerIndex {
  int32_t value = 0;
  auto operator<=>(const LayerIndex&) const = default;
};

// Index of a token in a transcript as it was run (BOS included), from 0.
struct Position {
  int64_t value = 0;
  auto operator<=>(const Position&) const = default;
};

// Half-open range [begin, end) of token positions.
struct TokenRange {
  int64_t begin = 0;
  int64_t end = 0;
  [[nodiscard]] int64_t size() const { return end - begin; }
  auto operator<=>(const TokenRange&) const = default;
};

// Half-open range [begin, end) of bytes in a text.
struct ByteRange {
  int64_t begin = 0;
  int64_t end = 0;
  [[nodiscard]] int64_t size() const { return end - begin; }
  auto operator<=>(const ByteRange&) const = default;
};

}  // namespace tugline
