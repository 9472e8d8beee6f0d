// Any bytes as a dataset, in both formats: Examples that can be chunked, or an Error.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "tugline/core/error.h"
#include "tugline/data/chunking.h"
#include "tugline/data/dataset.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using tugline::DatasetFormat;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  static_cast<void>(tugline::split_chunks(text));
  for (const DatasetFormat format : {DatasetFormat::kJson, DatasetFormat::kJsonLines}) {
    try {
      for (const tugline::Example& example : tugline::parse_dataset(text, format, "fuzzed")) {
        static_cast<void>(tugline::split_chunks(example.cot));
      }
    } catch (const tugline::Error&) {
    }
  }
  return 0;
}
