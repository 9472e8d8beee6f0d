#include "tugline/core/white_space.h"

namespace tugline {
namespace {

constexpr size_t kLongestSpace = 3;

// Bytes of the white-space character that `text` begins with. U+0085 and U+00A0 take two bytes; U+1680,
// U+2000 to U+200A, U+2028, U+2029, U+202F, U+205F and U+3000 take three.
size_t leading_space(std::string_view text) {
  if (text.empty()) return 0;
  const auto byte = [&](size_t i) { return i < text.size() ? static_cast<uint8_t>(text[i]) : 0; };
  if (byte(0) < 0x80) {
    return byte(0) == ' ' || (byte(0) >= 0x09 && byte(0) <= 0x0D) || (byte(0) >= 0x1C && byte(0) <= 0x1F) ? 1
                                                                                                          : 0;
  }
  if (byte(0) == 0xC2) return byte(1) == 0x85 || byte(1) == 0xA0 ? 2 : 0;
  const bool is_e2_80_space = byte(2) <= 0x8A || byte(2) == 0xA8 || byte(2) == 0xA9 || byte(2) == 0xAF;
  if (text.starts_with("\xE2\x80")) return text.size() > 2 && is_e2_80_space ? 3 : 0;
  const bool is_space = text.starts_with("\xE1\x9A\x80") || text.starts_with("\xE2\x81\x9F") ||
                        text.starts_with("\xE3\x80\x80");
  return is_space ? 3 : 0;
}

}  // namespace

size_t space_at(std::string_view text, size_t at) {
  return at < text.size() ? leading_space(text.substr(at)) : 0;
}

size_t space_before(std::string_view text, size_t end) {
  for (size_t bytes = 1; bytes <= kLongestSpace && bytes <= end; ++bytes) {
    if (leading_space(text.substr(end - bytes, bytes)) == bytes) return bytes;
  }
  return 0;
}

ByteRange trimmed(std::string_view text, ByteRange range) {
  const std::string_view part =
      text.substr(static_cast<size_t>(range.begin), static_cast<size_t>(range.end - range.begin));
  size_t begin = 0;
  size_t end = part.size();
  while (const size_t bytes = space_at(part, begin)) begin += bytes;
  while (end > begin) {
    const size_t bytes = space_before(part, end);
    if (bytes == 0) break;
    end -= bytes;
  }
  return {range.begin + static_cast<int64_t>(begin), range.begin + static_cast<int64_t>(end)};
}

std::string_view trimmed(std::string_view text) {
  const ByteRange range = trimmed(text, {0, static_cast<int64_t>(text.size())});
  return text.substr(static_cast<size_t>(range.begin), static_cast<size_t>(range.size()));
}

FoldedText fold_white_space(std::string_view text) {
  FoldedText folded;
  folded.text.reserve(text.size());
  folded.sources.reserve(text.size());
  for (size_t at = 0; at < text.size();) {
    const size_t begin = at;
    while (const size_t bytes = space_at(text, at)) at += bytes;
    folded.text.push_back(at > begin ? ' ' : text[at]);
    folded.sources.push_back(static_cast<int64_t>(begin));
    if (at == begin) ++at;
  }
  return folded;
}

}  // namespace tugline
