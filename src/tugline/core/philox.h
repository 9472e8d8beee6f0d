// Counter-based random numbers: Philox 4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3",
// SC 2011), through Random123. A stream is a pure function of its key and stream number: nothing depends on order,
// threads, batch size or device.
#pragma once

#include <cstdint>
#include <span>

namespace tugline {

// Names one stream: `key` is the user's seed, `stream` the identity of what the numbers are for.
struct PhiloxStream {
  uint64_t key = 0;
  uint64_t stream = 0;
};

// Fills `out` with independent standard normals (Box-Muller in f64 on 32-bit uniforms from the open unit
// interval). Element i depends on the stream and i only. Thread-safe.
void fill_normals(PhiloxStream stream, std::span<double> out);

// Fills `out` with uniforms on the open interval (0, 1), 32 bits of randomness each. Thread-safe.
void fill_uniforms(PhiloxStream stream, std::span<double> out);

}  // namespace tugline
