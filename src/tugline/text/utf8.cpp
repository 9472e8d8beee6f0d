#include "tugline/text/utf8.h"

#include <algorithm>
#include <cstdint>
#include <cstring>

namespace tugline {
namespace {

uint8_t byte_at(std::string_view text, size_t at) { return static_cast<uint8_t>(text[at]); }

// Length that the first byte promises, and the range that the second byte must be in. The range is narrower
// than 80..BF for the four first bytes that could begin overlong forms, surrogates, or values past U+10FFFF.
struct Lead {
  size_t bytes = 0;  // 0: no character begins with this byte
  uint8_t second_low = 0x80;
  uint8_t second_high = 0xBF;
};

Lead lead_of(uint8_t first) {
  if (first < 0x80) return {1};
  if (first < 0xC2) return {0};
  if (first < 0xE0) return {2};
  if (first == 0xE0) return {3, 0xA0, 0xBF};
  if (first == 0xED) return {3, 0x80, 0x9F};
  if (first < 0xF0) return {3};
  if (first == 0xF0) return {4, 0x90, 0xBF};
  if (first < 0xF4) return {4};
  if (first == 0xF4) return {4, 0x80, 0x8F};
  return {0};
}

// How many bytes at `at` follow the pattern of one character; whole is false if they end before the character
// does.
struct Scan {
  size_t bytes = 0;
  bool whole = false;
};

Scan scan_char(std::string_view text, size_t at) {
  const Lead lead = lead_of(byte_at(text, at));
  if (lead.bytes == 0) return {1, false};
  for (size_t i = 1; i < lead.bytes; ++i) {
    if (at + i == text.size()) return {i, false};
    const uint8_t low = i == 1 ? lead.second_low : uint8_t{0x80};
    const uint8_t high = i == 1 ? lead.second_high : uint8_t{0xBF};
    const uint8_t byte = byte_at(text, at + i);
    if (byte < low || byte > high) return {i, false};
  }
  return {lead.bytes, true};
}

// Most text is ASCII, so eight bytes without a high bit are skipped at a time.
size_t skip_ascii(std::string_view text, size_t at) {
  constexpr uint64_t kHighBits = 0x8080808080808080ULL;
  while (at + 8 <= text.size()) {
    uint64_t word = 0;
    std::memcpy(&word, text.data() + at, 8);
    if ((word & kHighBits) != 0) break;
    at += 8;
  }
  return at;
}

}  // namespace

std::optional<size_t> first_malformed_byte(std::string_view text) {
  size_t at = skip_ascii(text, 0);
  while (at < text.size()) {
    const Scan scan = scan_char(text, at);
    if (!scan.whole) return at;
    at += scan.bytes;
    if (scan.bytes == 1) at = skip_ascii(text, at);
  }
  return std::nullopt;
}

Utf8Char utf8_char_at(std::string_view text, size_t at) {
  const uint8_t first = byte_at(text, at);
  const size_t bytes = lead_of(first).bytes;
  if (bytes == 1) return {first, 1};
  char32_t code = first & (0xFFU >> (bytes + 1));
  for (size_t i = 1; i < bytes; ++i) code = (code << 6) | (byte_at(text, at + i) & 0x3FU);
  return {code, bytes};
}

Utf8Char utf8_char_before(std::string_view text, size_t end) {
  size_t at = end - 1;
  while ((byte_at(text, at) & 0xC0U) == 0x80U) --at;
  return utf8_char_at(text, at);
}

void append_utf8(std::string& out, char32_t code) {
  const auto put = [&out](char32_t byte) { out.push_back(static_cast<char>(static_cast<uint8_t>(byte))); };
  if (code < 0x80) return put(code);
  if (code < 0x800) {
    put(0xC0U | (code >> 6));
  } else if (code < 0x10000) {
    put(0xE0U | (code >> 12));
    put(0x80U | ((code >> 6) & 0x3FU));
  } else {
    put(0xF0U | (code >> 18));
    put(0x80U | ((code >> 12) & 0x3FU));
    put(0x80U | ((code >> 6) & 0x3FU));
  }
  put(0x80U | (code & 0x3FU));
}

std::string replace_malformed(std::string_view bytes) {
  std::string out;
  out.reserve(bytes.size());
  for (size_t at = 0; at < bytes.size();) {
    const Scan scan = scan_char(bytes, at);
    if (scan.whole) {
      out.append(bytes.substr(at, scan.bytes));
    } else {
      append_utf8(out, U'\uFFFD');
    }
    at += scan.bytes;
  }
  return out;
}

}  // namespace tugline
