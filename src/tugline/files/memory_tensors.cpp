#include "tugline/files/memory_tensors.h"

#include "tugline/core/error.h"

namespace tugline {
namespace {

constexpr const char* kLabel = "the model in memory";

void check_bytes(const TensorView& tensor) {
  const BlockShape block = block_shape(tensor.dtype);
  const int64_t expected = tensor.elements() / block.elements * block.bytes;
  if (std::ssize(tensor.bytes) != expected)
    fail(ErrorCode::kInput, "{}: tensor {} has {} bytes; its type {} and shape take {}", kLabel, tensor.name,
         tensor.bytes.size(), name_of(tensor.dtype), expected);
}

}  // namespace

MemoryTensors::MemoryTensors(std::vector<TensorView> tensors, std::shared_ptr<const void> owner)
    : owner_(std::move(owner)) {
  for (const TensorView& tensor : tensors) check_bytes(tensor);
  table_ = TensorTable({.readable = std::move(tensors), .unreadable = {}}, kLabel);
}

}  // namespace tugline
