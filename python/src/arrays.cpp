#include "arrays.h"

#include <nanobind/stl/string.h>

#include <limits>

namespace tugline_python {
namespace {

nb::object values_of(std::vector<double>& values, const std::vector<uint8_t>&) {
  return array_of(std::move(values));
}

nb::object values_of(std::vector<int64_t>& values, const std::vector<uint8_t>& missing) {
  if (missing.empty()) return array_of(std::move(values));
  std::vector<double> numbers(values.begin(), values.end());
  for (size_t i = 0; i < missing.size(); ++i)
    if (missing[i] != 0) numbers[i] = std::numeric_limits<double>::quiet_NaN();
  return array_of(std::move(numbers));
}

nb::object values_of(std::vector<std::string>& values, const std::vector<uint8_t>& missing) {
  nb::list texts;
  nb::object last = nb::none();  // long runs of one text share one object
  for (size_t i = 0; i < values.size(); ++i) {
    if (i < missing.size() && missing[i] != 0) {
      texts.append(nb::none());
      continue;
    }
    if (last.is_none() || values[i] != values[i - 1])
      last = nb::steal(
          PyUnicode_DecodeUTF8(values[i].data(), static_cast<Py_ssize_t>(values[i].size()), "replace"));
    texts.append(last);
  }
  return texts;
}

}  // namespace

nb::dict columns_of(tugline::Table table) {
  nb::dict columns;
  for (tugline::Column& column : table.columns)
    columns[column.name.c_str()] =
        std::visit([&](auto& values) { return values_of(values, column.missing); }, column.values);
  return columns;
}

}  // namespace tugline_python
