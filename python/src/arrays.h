// The library's arrays as NumPy's, which own or share the memory, and Python's arrays as the library's.
#pragma once

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "tugline/options.h"
#include "tugline/run.h"

namespace tugline_python {

namespace nb = nanobind;

// Takes the vector over.
template <typename T>
nb::object array_of(std::vector<T> values, std::vector<size_t> shape) {
  auto* const kept = new std::vector<T>(std::move(values));
  nb::capsule owner(kept, [](void* p) noexcept { delete static_cast<std::vector<T>*>(p); });
  return nb::cast(nb::ndarray<nb::numpy, T>(kept->data(), shape.size(), shape.data(), owner));
}

template <typename T>
nb::object array_of(std::vector<T> values) {
  const size_t size = values.size();
  return array_of(std::move(values), {size});
}

// Shows values that `owner` holds, read-only.
template <typename Owner>
nb::object view_of(std::span<const double> values, std::vector<size_t> shape, const Owner& owner) {
  nb::capsule kept(new Owner(owner), [](void* p) noexcept { delete static_cast<Owner*>(p); });
  return nb::cast(nb::ndarray<nb::numpy, const double>(values.data(), shape.size(), shape.data(), kept));
}

using Doubles = nb::ndarray<const double, nb::c_contig, nb::device::cpu>;
using Ids = nb::ndarray<const int32_t, nb::ndim<1>, nb::c_contig, nb::device::cpu>;

[[nodiscard]] inline std::span<const double> span_of(const Doubles& array) {
  return {array.data(), array.size()};
}
[[nodiscard]] inline std::vector<int32_t> vector_of(const Ids& ids) {
  return {ids.data(), ids.data() + ids.size()};
}

// {column: array or list of str}, in order. A text that is missing is None, a whole number that is missing
// makes the column floats.
[[nodiscard]] nb::dict columns_of(tugline::Table table);

}  // namespace tugline_python
