// Measures how fast this machine multiplies matrices. `doctor` shows the result, a sweep's plan estimates its
// time from it, and benchmarks express speeds as shares of it.
#pragma once

#include <cstdint>
#include <functional>

#include "tugline/backend/backend.h"

namespace tugline {

// The shape of the measured product: a batch of pushes through the widest map of a model with 1.5 billion
// parameters.
inline constexpr int64_t kYardstickRows = 800;
inline constexpr int64_t kYardstickOut = 8960;
inline constexpr int64_t kYardstickIn = 1536;

[[nodiscard]] double wall_seconds();  // since some fixed moment

// FLOP/s of that product in the backend's precision: the best of several runs, because other work on the
// machine can only slow a run down. Takes about two seconds and 90 MB. `clock` returns seconds.
[[nodiscard]] double measure_product_speed(Backend& backend,
                                           const std::function<double()>& clock = wall_seconds);

}  // namespace tugline
