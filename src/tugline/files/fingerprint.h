// Which weights a run was made with, as a number: for the run's identity. Quick on any size, so it samples.
#pragma once

#include <cstdint>

#include "tugline/files/tensor_source.h"

namespace tugline {

// Stable hash of every tensor's name, dtype, shape and some of its bytes: the first and the last 4 KiB and 64
// stretches of 64 bytes spread evenly between. Tells models, fine-tunes and formats apart; not every single
// changed weight. The order of tensors in the file and its metadata do not matter.
[[nodiscard]] uint64_t fingerprint(const TensorSource& source);

}  // namespace tugline
