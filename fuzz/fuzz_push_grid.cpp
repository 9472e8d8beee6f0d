// The texts of a run store that say which pushes a unit has: none, or a grid whose texts read back to it. The
// input: the directions, a line break, and the epsilons.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "tugline/store/push_grid.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const size_t end = input.find('\n');
  if (end == std::string_view::npos) return 0;
  const auto grid = tugline::parse_grid(input.substr(0, end), input.substr(end + 1));
  if (!grid) return 0;
  if (tugline::parse_grid(tugline::text_of(grid->directions), tugline::text_of(grid->epsilons)) != grid)
    std::abort();
  return 0;
}
