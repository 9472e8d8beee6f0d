// The classes of characters that tokenizer rules are written in.
#pragma once

#include <string_view>

namespace tugline {

// The property White_Space.
[[nodiscard]] bool is_unicode_space(char32_t code);
// General categories Nd, Nl and No.
[[nodiscard]] bool is_unicode_number(char32_t code);
// What \w means in Unicode regular expressions (UTS 18, annex C): alphabetic, marks, decimal digits,
// connector punctuation, and the two join controls.
[[nodiscard]] bool is_unicode_word(char32_t code);
// General categories Mn, Mc and Me.
[[nodiscard]] bool is_unicode_mark(char32_t code);

}  // namespace tugline
