// The yardstick that speeds are held against: how fast this machine multiplies matrices, measured. What `doctor` shows, what a sweep's
// plan expects its time from, what benchmarks give shares of.
#pragma once

#include <cstdint>
#include <functional>

#include "tugline/backend/backend.h"

namespace tugline {

// A batch of pushes through the widest map of a model of 1.5 billion parameters.
inline constexpr int64_t kYardstickRows = 800;
inline constexpr int64_t kYardstickOut = 8960;
inline constexpr int64_t kYardstickIn = 1536;

[[nodiscard]] double wall_seconds();  // from some fixed moment on

// FLOP/s of a batch of pushes through one linear map at the yardstick's shape, in the backend's precision: the best of several runs, since
// others' work on the machine only ever slows one down. Takes about two seconds and 90 MB. `clock` gives seconds.
[[nodiscard]] double measure_product_speed(Backend& backend,
                                           const std::function<double()>& clock = wall_seconds);

}  // namespace tugline
