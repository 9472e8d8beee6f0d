// Any bytes as a dataset: Examples whose chunks lie in their reasoning text, or an Error.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "attempt.h"
#include "tugline/data/chunking.h"
#include "tugline/data/dataset.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  static_cast<void>(tugline::split_chunks(text));
  attempt([&] {
    for (const tugline::Example& example : tugline::parse_dataset(text, "fuzzed").examples) {
      for (const tugline::ByteRange& chunk : example.chunks) {
        if (chunk.begin < 0 || chunk.end > static_cast<int64_t>(example.cot.size())) std::abort();
      }
    }
  });
  return 0;
}
