#include "tugline/files/tensor_source.h"

#include <algorithm>
#include <cassert>

#include "tugline/files/byte_reader.h"
#include "tugline/files/dequantise.h"

namespace tugline {
namespace {

BlockKernel kernel_of(DType dtype) {
  switch (dtype) {
    case DType::kF64:
      return dequantise_f64;
    case DType::kF32:
      return dequantise_f32;
    case DType::kF16:
      return dequantise_f16;
    case DType::kBF16:
      return dequantise_bf16;
    case DType::kQ8_0:
      return dequantise_q8_0;
    case DType::kQ4_0:
      return dequantise_q4_0;
    case DType::kQ4_1:
      return dequantise_q4_1;
    case DType::kQ5_0:
      return dequantise_q5_0;
    case DType::kQ5_1:
      return dequantise_q5_1;
    case DType::kQ2_K:
      return dequantise_q2_k;
    case DType::kQ3_K:
      return dequantise_q3_k;
    case DType::kQ4_K:
      return dequantise_q4_k;
    case DType::kQ5_K:
      return dequantise_q5_k;
    case DType::kQ6_K:
      return dequantise_q6_k;
    case DType::kIQ4_NL:
      return dequantise_iq4_nl;
    case DType::kIQ4_XS:
      return dequantise_iq4_xs;
  }
  assert(false && "a DType without a kernel");
  return nullptr;
}

}  // namespace

int64_t TensorView::elements() const {
  const std::optional<int64_t> product = checked_product(shape);
  assert(product && "the readers refuse shapes whose product is beyond int64");
  return *product;
}

const UnreadableTensor* find_unreadable(const TensorSource& source, std::string_view name) {
  const auto unreadable = source.unreadable();
  const auto by_name = [](const UnreadableTensor& tensor) -> std::string_view { return tensor.name; };
  const auto found = std::ranges::lower_bound(unreadable, name, {}, by_name);
  return found != unreadable.end() && found->name == name ? &*found : nullptr;
}

void dequantise(const TensorView& tensor, int64_t begin, std::span<float> out) {
  const BlockShape block = block_shape(tensor.dtype);
  const auto count = static_cast<int64_t>(out.size());
  assert(begin >= 0 && begin % block.elements == 0 && count % block.elements == 0);
  assert(count <= tensor.elements() - begin);
  if (count == 0) return;
  const std::byte* first = tensor.bytes.data() + begin / block.elements * block.bytes;
  kernel_of(tensor.dtype)(first, count / block.elements, out.data());
}

}  // namespace tugline
