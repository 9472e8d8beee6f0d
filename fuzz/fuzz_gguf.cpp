// The GGUF reader on arbitrary bytes: an Error, or metadata and tensors that can all be read.
#include <algorithm>
#include <vector>

#include "attempt.h"
#include "tugline/files/fingerprint.h"
#include "tugline/files/gguf.h"

namespace {

// A getter of the wrong type is an Error.
void read_metadata(const tugline::GgufFile& file) {
  for (const std::string& key : file.keys()) {
    attempt([&] { static_cast<void>(file.optional_u64(key)); });
    attempt([&] { static_cast<void>(file.optional_i64(key)); });
    attempt([&] { static_cast<void>(file.optional_f64(key)); });
    attempt([&] { static_cast<void>(file.optional_bool(key)); });
    attempt([&] { static_cast<void>(file.optional_string(key)); });
    attempt([&] { static_cast<void>(file.optional_strings(key)); });
    attempt([&] { static_cast<void>(file.optional_ints(key)); });
    attempt([&] { static_cast<void>(file.optional_floats(key)); });
  }
}

void read_tensors(const tugline::GgufFile& file) {
  for (const std::string& name : file.names()) {
    const tugline::TensorView& tensor = *file.find(name);
    const int64_t block = tugline::block_shape(tensor.dtype).elements;
    std::vector<float> values(static_cast<size_t>(std::min(tensor.elements() / block, int64_t{16}) * block));
    tugline::dequantise(tensor, 0, values);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  attempt([&] {
    const auto file = tugline::GgufFile::parse(std::as_bytes(std::span(data, size)), "fuzz");
    static_cast<void>(tugline::fingerprint(file));
    read_metadata(file);
    read_tensors(file);
  });
  return 0;
}
