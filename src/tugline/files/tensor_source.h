// The interface between the readers of model files (safetensors, gguf) and the loader of weights: named
// tensors as the files store them. Views point into memory-mapped files and are valid as long as their
// source.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tugline/core/dtype.h"

namespace tugline {

struct TensorView {
  std::string name;
  DType dtype = DType::kF32;
  std::vector<int64_t>
      shape;  // row-major, outermost first; a linear layer's weight is [out, in] in every format
  // Exactly elements() values, in blocks of block_shape(dtype); not necessarily aligned for the dtype.
  std::span<const std::byte> bytes;
  [[nodiscard]] int64_t elements() const;
};

// A tensor whose element type tugline does not read, such as integers. It is an error only if the tensor is
// needed.
struct UnreadableTensor {
  std::string name;
  std::string type;  // as the file's format names it: "I64"
};

class TensorSource {
 public:
  virtual ~TensorSource() = default;
  // The tensor of that name; nullptr if there is none. Thread-safe.
  [[nodiscard]] virtual const TensorView* find(std::string_view name) const = 0;
  // In ascending byte order.
  [[nodiscard]] virtual std::vector<std::string> names() const = 0;
  // The tensors that find() and names() leave out, sorted by name.
  [[nodiscard]] virtual std::span<const UnreadableTensor> unreadable() const { return {}; }
  // The element types that can be read from its format, for messages.
  [[nodiscard]] virtual std::string readable_types() const { return "F64, F32, F16, BF16"; }
  // The path of the file or directory, for messages.
  [[nodiscard]] virtual std::string path() const = 0;
  // Says that these bytes of one of its tensors are not needed now. A source that owns a file mapping
  // releases their pages, which are read from the file again when they are touched. Any other source keeps
  // them: a caller's memory is never written, released or zeroed. Thread-safe.
  virtual void release(std::span<const std::byte> /*bytes*/) const {}
};

// The unreadable tensor of that name; nullptr if there is none.
[[nodiscard]] const UnreadableTensor* find_unreadable(const TensorSource& source, std::string_view name);

// Elements [begin, begin + out.size()) of the flattened tensor as f32, exactly as the format defines them
// (f64 is rounded to nearest). `begin` and out.size() are multiples of the dtype's block. Thread-safe.
void dequantise(const TensorView& tensor, int64_t begin, std::span<float> out);

}  // namespace tugline
