// Reads NumPy's .npy: a header that is the text of a Python dictionary, then one array. Internal to files/.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace tugline {

struct NpyArray {
  std::string type;            // as NumPy writes it: '<f4', '>f8', '|O'; a structured array's list of fields
  std::vector<int64_t> shape;  // outermost first, for both orders of elements
  bool is_fortran_order = false;
  std::span<const std::byte> bytes;  // the elements, in the order and byte order of the file

  // Whether the type is f2, f4 or f8, little- or big-endian.
  [[nodiscard]] bool is_float() const;
  // The elements in row-major order, exact. Requires is_float().
  [[nodiscard]] std::vector<double> values() const;
};

// Parses versions 1 to 3, with any type and number of dimensions. The result views `bytes`. A floating-point
// array must have exactly the bytes that its shape needs. Throws Error that begins with `label`.
[[nodiscard]] NpyArray parse_npy(std::span<const std::byte> bytes, const std::string& label);

}  // namespace tugline
