#include "tugline/files/tensor_table.h"

#include <algorithm>
#include <utility>

#include "tugline/core/error.h"
#include "tugline/files/byte_reader.h"

namespace tugline {

TensorTable::TensorTable(std::vector<TensorView> tensors, std::string_view label)
    : tensors_(std::move(tensors)) {
  std::ranges::sort(tensors_, {}, &TensorView::name);
  const auto twin = std::ranges::adjacent_find(tensors_, {}, &TensorView::name);
  if (twin != tensors_.end()) {
    fail(ErrorCode::kInput, "{}: tensor '{}' is there twice", label, printable(twin->name));
  }
}

const TensorView* TensorTable::find(std::string_view name) const {
  const auto by_name = [](const TensorView& tensor) -> std::string_view { return tensor.name; };
  const auto found = std::ranges::lower_bound(tensors_, name, {}, by_name);
  return found != tensors_.end() && found->name == name ? &*found : nullptr;
}

std::vector<std::string> TensorTable::names() const {
  std::vector<std::string> names;
  names.reserve(tensors_.size());
  for (const TensorView& tensor : tensors_) names.push_back(tensor.name);
  return names;
}

}  // namespace tugline
