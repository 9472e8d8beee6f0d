// The safetensors reader on arbitrary bytes: an Error or tensors that can all be read.
#include <algorithm>
#include <vector>

#include "attempt.h"
#include "tugline/files/fingerprint.h"
#include "tugline/files/safetensors.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  attempt([&] {
    const auto source = tugline::parse_safetensors(std::as_bytes(std::span(data, size)), "fuzz");
    static_cast<void>(tugline::fingerprint(*source));  // touches every tensor's bytes
    for (const std::string& name : source->names()) {
      const tugline::TensorView& tensor = *source->find(name);
      std::vector<float> values(static_cast<size_t>(std::min<int64_t>(tensor.elements(), 4096)));
      tugline::dequantise(tensor, 0, values);
    }
  });
  return 0;
}
