// The byte-level alphabet of GPT-2's tokenizer: each of the 256 bytes is written as one printable character,
// so that a vocabulary of byte strings can be stored as text. Vocabularies and merges in files are in this
// alphabet.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tugline {

// The character that stands for a byte.
[[nodiscard]] char32_t byte_level_char(uint8_t byte);
// Bytes in the alphabet, as UTF-8.
[[nodiscard]] std::string to_byte_level(std::string_view bytes);
// The bytes that `text` (well-formed UTF-8) stands for; no value if a character is outside the alphabet.
[[nodiscard]] std::optional<std::string> from_byte_level(std::string_view text);

}  // namespace tugline
