#include "tugline/files/fingerprint.h"

#include "tugline/core/content_hash.h"

namespace tugline {
namespace {

constexpr size_t kEdge = 4096;
constexpr size_t kStretch = 64;
constexpr size_t kStretches = 64;

void add_sample(ContentHash& hash, std::span<const std::byte> bytes) {
  if (bytes.size() <= 2 * kEdge + kStretches * kStretch) {
    hash.add(bytes);
    return;
  }
  hash.add(bytes.first(kEdge));
  const size_t step = (bytes.size() - 2 * kEdge - kStretch) / kStretches;
  for (size_t i = 0; i < kStretches; ++i) hash.add(bytes.subspan(kEdge + i * step, kStretch));
  hash.add(bytes.last(kEdge));
}

}  // namespace

uint64_t fingerprint(const TensorSource& source) {
  ContentHash hash;
  for (const std::string& name : source.names()) {
    const TensorView& tensor = *source.find(name);
    hash.add_text(name);
    hash.add_text(name_of(tensor.dtype));
    hash.add_number(tensor.shape.size());
    for (const int64_t extent : tensor.shape) hash.add_number(static_cast<uint64_t>(extent));
    add_sample(hash, tensor.bytes);
  }
  return hash.value();
}

}  // namespace tugline
