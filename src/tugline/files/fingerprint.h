// A hash that identifies a model's weights, for the run's identity. It samples the bytes, so it is quick for
// models of any size.
#pragma once

#include <cstdint>

#include "tugline/files/tensor_source.h"

namespace tugline {

// Stable hash of every tensor's name, dtype, shape and some of its bytes: the first and the last 4 KiB and 64
// stretches of 64 bytes spread evenly between. It tells models, fine-tunes and formats apart, but misses some
// changes of single weights. The order of tensors in the file and its metadata do not matter.
[[nodiscard]] uint64_t fingerprint(const TensorSource& source);

}  // namespace tugline
