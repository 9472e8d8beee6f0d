// UTF-8: validates texts and says where one is malformed; walks, builds and repairs texts. The tokenizer
// validates once on entry, so everything after it may assume well-formed UTF-8.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace tugline {

// Offset of the first byte that does not begin a well-formed character (overlong forms, surrogates and values
// past U+10FFFF are not well-formed). No value if the whole text is well-formed.
[[nodiscard]] std::optional<size_t> first_malformed_byte(std::string_view text);

// A code point and its length in bytes.
struct Utf8Char {
  char32_t code = 0;
  size_t bytes = 0;
};

// The character that begins at `at`, in well-formed text.
[[nodiscard]] Utf8Char utf8_char_at(std::string_view text, size_t at);
// The character that ends just before `end` (end > 0), in well-formed text.
[[nodiscard]] Utf8Char utf8_char_before(std::string_view text, size_t end);

void append_utf8(std::string& out, char32_t code);

// The text with U+FFFD in place of every maximal ill-formed part (the Unicode standard's recommended
// practice).
[[nodiscard]] std::string replace_malformed(std::string_view bytes);

}  // namespace tugline
