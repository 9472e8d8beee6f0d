#include "tugline/core/excerpt.h"

#include <cstdint>

#include "tugline/core/white_space.h"

namespace tugline {
namespace {

// Bytes of the well-formed UTF-8 character that begins at `at`; 0 if none does. Overlong forms and surrogates
// pass: whatever shows the message copes with them.
size_t character_at(std::string_view text, size_t at) {
  const auto first = static_cast<uint8_t>(text[at]);
  const size_t bytes = first < 0x80   ? 1
                       : first < 0xC2 ? 0
                       : first < 0xE0 ? 2
                       : first < 0xF0 ? 3
                       : first < 0xF5 ? 4
                                      : 0;
  if (at + bytes > text.size()) return 0;
  for (size_t i = 1; i < bytes; ++i) {
    if ((static_cast<uint8_t>(text[at + i]) & 0xC0) != 0x80) return 0;
  }
  return bytes;
}

}  // namespace

std::string excerpt(std::string_view text, size_t most) {
  text = trimmed(text);
  std::string out;
  for (size_t at = 0; at < text.size();) {
    if (out.size() >= most) return out + "...";
    const size_t spaces_begin = at;
    while (const size_t bytes = space_at(text, at)) at += bytes;
    if (at > spaces_begin) {
      out.push_back(' ');
      continue;
    }
    const size_t bytes = character_at(text, at);
    const bool is_shown = bytes > 0 && static_cast<uint8_t>(text[at]) >= 0x20 && text[at] != 0x7F;
    out += is_shown ? text.substr(at, bytes) : std::string_view("?");
    at += bytes > 0 ? bytes : 1;
  }
  return out;
}

}  // namespace tugline
