// The .npy reader on arbitrary bytes.
#include "tugline/core/error.h"
#include "tugline/files/npy.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  try {
    const auto array = tugline::parse_npy(std::as_bytes(std::span(data, size)), "fuzz");
    if (array.is_float()) (void)array.values();
  } catch (const tugline::Error&) {  // the right answer to most inputs
  }
  return 0;
}
