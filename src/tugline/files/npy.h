// NumPy's .npy: one array behind a header that is a Python dictionary's text. Internal to files/.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace tugline {

struct NpyArray {
  std::string type;            // as NumPy writes it: '<f4', '>f8', '|O'; a structured array's list of fields
  std::vector<int64_t> shape;  // outermost first, whatever the order of the elements
  bool is_fortran_order = false;
  std::span<const std::byte> bytes;  // the elements, in the order and byte order of the file

  // f2, f4 or f8, little- or big-endian.
  [[nodiscard]] bool is_float() const;
  // Row-major, exact. The array is_float().
  [[nodiscard]] std::vector<double> values() const;
};

// Versions 1 to 3, any type and number of dimensions. The result views `bytes`. A floating-point array has exactly the
// bytes that its shape needs. Throws Error that begins with `label`.
[[nodiscard]] NpyArray parse_npy(std::span<const std::byte> bytes, const std::string& label);

}  // namespace tugline
