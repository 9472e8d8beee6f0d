// Directions that a user brings, out of a .npy, .safetensors or .gguf file (--direction-file). Gives the numbers as
// they are: making them unit vectors, and refusing zero ones, is probe/direction's.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace tugline {

// [rows, columns], row-major; finite; neither extent is 0.
struct DirectionArray {
  int64_t rows = 0;
  int64_t columns = 0;
  std::vector<double> values;
};

// `argument` is F.npy, F.safetensors or F.gguf (which must hold exactly one tensor), F.safetensors:TENSOR or F.gguf:TENSOR. The array
// has two dimensions, or one (one row), of f32 or f64. Throws Error naming the file, the tensor, expected and
// found.
[[nodiscard]] DirectionArray read_direction_array(const std::string& argument);

}  // namespace tugline
