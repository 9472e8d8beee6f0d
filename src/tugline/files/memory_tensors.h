// A model's tensors in a caller's memory: read only, never released.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "tugline/files/tensor_source.h"
#include "tugline/files/tensor_table.h"

namespace tugline {

class MemoryTensors final : public TensorSource {
 public:
  // `owner` keeps the memory that the views point into. Throws Error if two tensors have one name, or a
  // view's bytes are not those of its type and shape.
  MemoryTensors(std::vector<TensorView> tensors, std::shared_ptr<const void> owner);

  [[nodiscard]] const TensorView* find(std::string_view name) const override { return table_.find(name); }
  [[nodiscard]] std::vector<std::string> names() const override { return table_.names(); }
  [[nodiscard]] std::string path() const override { return "the model in memory"; }

 private:
  TensorTable table_;
  std::shared_ptr<const void> owner_;
};

}  // namespace tugline
