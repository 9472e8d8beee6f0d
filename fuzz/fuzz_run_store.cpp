// A damaged run store: an Error, or a part that can be read. The first byte of the input chooses the part.
// Changes of a whole store follow, each of 4 bytes and what they count: the place (2 bytes, the lower first),
// how many bytes of the input replace what is there, and a byte whose lowest bit says that the file ends
// here. If the first byte is 255, the rest of the input is the file.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>

#include "read_run_store.h"
#include "scratch_file.h"
#include "whole_store.h"

namespace {

constexpr size_t kHeaderBytes = 4;

std::string changed(std::string store, const uint8_t* data, size_t size) {
  for (size_t at = 0; at + kHeaderBytes <= size && !store.empty();) {
    const size_t place = (data[at] + size_t{256} * data[at + 1]) % store.size();
    const bool is_end = (data[at + 3] & 1) != 0;
    const size_t count = std::min({size_t{data[at + 2]}, size - at - kHeaderBytes, store.size() - place});
    at += kHeaderBytes;
    std::copy_n(data + at, count, store.begin() + static_cast<std::ptrdiff_t>(place));
    at += count;
    if (is_end) store.resize(place + count);
  }
  return store;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const std::string whole = whole_store();
  static ScratchFile file("run.db");
  if (size == 0) return 0;
  const std::string store = data[0] == 255 ? std::string(reinterpret_cast<const char*>(data + 1), size - 1)
                                           : changed(whole, data + 1, size - 1);
  read_run_store(file.holding(store), data[0]);
  return 0;
}
