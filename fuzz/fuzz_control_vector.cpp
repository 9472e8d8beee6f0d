// Directions from a GGUF control vector of arbitrary bytes: an Error, or arrays of the size that they say.
#include "attempt.h"
#include "scratch_file.h"
#include "tugline/files/direction_file.h"

namespace {

void expect_whole(const tugline::DirectionArray& array) {
  if (array.rows <= 0 || array.columns <= 0 ||
      array.values.size() != static_cast<size_t>(array.rows) * static_cast<size_t>(array.columns))
    std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static ScratchFile file("vector.gguf");
  attempt([&] {
    const tugline::DirectionFile directions = tugline::read_direction_file(file.holding(data, size).string());
    if (directions.array) expect_whole(*directions.array);
    for (const auto& [layer, array] : directions.by_layer) expect_whole(array);
  });
  return 0;
}
