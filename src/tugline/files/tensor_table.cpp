#include "tugline/files/tensor_table.h"

#include <algorithm>
#include <utility>

#include "tugline/core/error.h"
#include "tugline/files/byte_reader.h"

namespace tugline {

namespace {

// Throws Error if two of the names are equal; `sorted` is in ascending order.
void refuse_twins(const std::vector<std::string_view>& sorted, std::string_view label) {
  const auto twin = std::ranges::adjacent_find(sorted);
  if (twin != sorted.end()) fail(ErrorCode::kInput, "{}: tensor '{}' occurs twice", label, printable(*twin));
}

}  // namespace

TensorTable::TensorTable(FileTensors tensors, std::string_view label)
    : tensors_(std::move(tensors.readable)), unreadable_(std::move(tensors.unreadable)) {
  std::ranges::sort(tensors_, {}, &TensorView::name);
  std::ranges::sort(unreadable_, {}, &UnreadableTensor::name);
  std::vector<std::string_view> names;
  names.reserve(tensors_.size() + unreadable_.size());
  for (const TensorView& tensor : tensors_) names.push_back(tensor.name);
  for (const UnreadableTensor& tensor : unreadable_) names.push_back(tensor.name);
  std::ranges::sort(names);
  refuse_twins(names, label);
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
