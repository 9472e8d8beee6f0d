// The tensors of one file, or of several, by name. Both readers of model files keep one. Internal to files/.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tugline/files/tensor_source.h"

namespace tugline {

// The tensors that a reader finds in a file.
struct FileTensors {
  std::vector<TensorView> readable;
  std::vector<UnreadableTensor> unreadable;
};

class TensorTable {
 public:
  TensorTable() = default;
  // Throws Error if two tensors have one name; `label` is the file's name for the message.
  TensorTable(FileTensors tensors, std::string_view label);

  [[nodiscard]] const TensorView* find(std::string_view name) const;
  [[nodiscard]] std::vector<std::string> names() const;
  [[nodiscard]] std::span<const UnreadableTensor> unreadable() const { return unreadable_; }

 private:
  std::vector<TensorView> tensors_;           // by name, ascending
  std::vector<UnreadableTensor> unreadable_;  // likewise
};

}  // namespace tugline
