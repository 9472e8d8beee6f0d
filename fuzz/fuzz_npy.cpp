// The .npy reader on arbitrary bytes.
#include "attempt.h"
#include "tugline/files/npy.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  attempt([&] {
    const auto array = tugline::parse_npy(std::as_bytes(std::span(data, size)), "fuzz");
    if (array.is_float()) (void)array.values();
  });
  return 0;
}
