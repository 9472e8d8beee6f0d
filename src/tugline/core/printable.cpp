#include "tugline/core/printable.h"

#include <fmt/format.h>

namespace tugline {

std::string printable(std::string_view text) {
  constexpr size_t kLongest = 100;
  std::string shown;
  for (const char c : text.substr(0, kLongest)) {
    if (c >= ' ' && c <= '~') {
      shown += c;
    } else {
      shown += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    }
  }
  if (text.size() > kLongest) shown += "...";
  return shown;
}

}  // namespace tugline
