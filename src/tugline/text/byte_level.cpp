#include "tugline/text/byte_level.h"

#include <array>

#include "tugline/text/utf8.h"

namespace tugline {
namespace {

// Latin-1's printable characters stand for themselves; the other 68 bytes take the characters from U+0100 on.
constexpr bool stands_for_itself(int byte) {
  return (byte >= 0x21 && byte <= 0x7E) || (byte >= 0xA1 && byte <= 0xAC) || byte >= 0xAE;
}

constexpr char32_t kAlphabetEnd = 0x100 + 68;

struct Alphabet {
  std::array<char32_t, 256> chars{};
  std::array<int16_t, kAlphabetEnd> bytes{};
};

constexpr Alphabet make_alphabet() {
  Alphabet alphabet;
  for (auto& byte : alphabet.bytes) byte = -1;
  char32_t next = 0x100;
  for (int byte = 0; byte < 256; ++byte) {
    const char32_t code = stands_for_itself(byte) ? static_cast<char32_t>(byte) : next++;
    alphabet.chars[static_cast<size_t>(byte)] = code;
    alphabet.bytes[code] = static_cast<int16_t>(byte);
  }
  return alphabet;
}

constexpr Alphabet kAlphabet = make_alphabet();

}  // namespace

char32_t byte_level_char(uint8_t byte) { return kAlphabet.chars[byte]; }

std::string to_byte_level(std::string_view bytes) {
  std::string out;
  out.reserve(bytes.size() * 2);
  for (const char byte : bytes) append_utf8(out, byte_level_char(static_cast<uint8_t>(byte)));
  return out;
}

std::optional<std::string> from_byte_level(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (size_t at = 0; at < text.size();) {
    const Utf8Char c = utf8_char_at(text, at);
    if (c.code >= kAlphabetEnd || kAlphabet.bytes[c.code] < 0) return std::nullopt;
    out.push_back(static_cast<char>(static_cast<uint8_t>(kAlphabet.bytes[c.code])));
    at += c.bytes;
  }
  return out;
}

}  // namespace tugline
