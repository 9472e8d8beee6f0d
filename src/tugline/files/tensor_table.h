// The tensors of one file, or of several, by name: what both model file readers keep. Internal to files/.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tugline/files/tensor_source.h"

namespace tugline {

class TensorTable {
 public:
  TensorTable() = default;
  // Throws Error where two tensors have one name; `label` is the file's name for the message.
  TensorTable(std::vector<TensorView> tensors, std::string_view label);

  [[nodiscard]] const TensorView* find(std::string_view name) const;
  [[nodiscard]] std::vector<std::string> names() const;
  [[nodiscard]] const std::vector<TensorView>& sorted() const { return tensors_; }

 private:
  std::vector<TensorView> tensors_;  // by name, ascending
};

}  // namespace tugline
