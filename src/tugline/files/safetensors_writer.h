// Writes safetensors: named f64 arrays with metadata, in the format that files/safetensors reads.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace tugline {

struct NamedArray {
  std::string name;
  int64_t rows = 0;
  int64_t columns = 0;
  std::vector<double> values;  // [rows, columns], row-major
};

// Returns the bytes of the file. The arrays are sorted by name and written as F64 [rows, columns]; the header
// ends on a multiple of eight bytes. The same arguments give the same bytes.
[[nodiscard]] std::string safetensors_bytes(std::vector<NamedArray> arrays,
                                            const std::map<std::string, std::string>& metadata);

}  // namespace tugline
