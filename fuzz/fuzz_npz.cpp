// The .npz reader on arbitrary bytes: the archive, and the arrays in it.
#include "attempt.h"
#include "tugline/files/npy.h"
#include "tugline/files/zip_file.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  attempt([&] {
    for (const auto& member : tugline::read_zip_directory(std::as_bytes(std::span(data, size)), "fuzz")) {
      const auto content = tugline::unzipped(member, "fuzz");
      const auto array = tugline::parse_npy(content, "fuzz");
      if (array.is_float()) (void)array.values();
    }
  });
  return 0;
}
