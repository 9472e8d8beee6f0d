#include "tugline/data/chunking.h"

#include <algorithm>

#include "tugline/core/white_space.h"

namespace tugline {
namespace {

// "Hmm, okay." is a chunk of the annotated files and has ten characters; "years." and list numbers such as
// "1." never stand alone there.
constexpr int64_t kMinCharacters = 10;

constexpr bool ends_sentence(char c) { return c == '.' || c == '?' || c == '!'; }

// Whether a chunk ends with the byte at `i`. What follows decides: 3.5, f(x!), \boxed{4}.), a full stop
// before a tab and a text's last full stop end nothing.
bool is_boundary(std::string_view text, size_t i) {
  const std::string_view rest = text.substr(i);
  if (rest.starts_with("\n\n") || rest.starts_with("\r\n\r\n")) return true;
  return rest.size() > 1 && ends_sentence(rest[0]) && (rest[1] == ' ' || rest[1] == '\n');
}

// Every byte but a continuation byte of UTF-8 begins a character.
int64_t count_characters(std::string_view text) {
  return std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; });
}

std::vector<ByteRange> split_at_boundaries(std::string_view text) {
  std::vector<ByteRange> pieces;
  int64_t begin = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    if (!is_boundary(text, i)) continue;
    const auto end = static_cast<int64_t>(i) + 1;
    const ByteRange piece = trimmed(text, {begin, end});
    begin = end;
    if (piece.size() > 0) pieces.push_back(piece);
  }
  return pieces;
}

// A short piece joins the next one, the last one its predecessor. Lengths are those of the annotations'
// texts, in which one space joins two pieces, whatever stands between them here.
std::vector<ByteRange> join_short(std::string_view text, const std::vector<ByteRange>& pieces) {
  std::vector<ByteRange> chunks;
  int64_t length = kMinCharacters;  // of the last chunk
  for (const ByteRange& piece : pieces) {
    const int64_t characters =
        count_characters(text.substr(static_cast<size_t>(piece.begin), static_cast<size_t>(piece.size())));
    if (length < kMinCharacters) {
      chunks.back().end = piece.end;
      length += 1 + characters;
    } else {
      chunks.push_back(piece);
      length = characters;
    }
  }
  if (length < kMinCharacters && chunks.size() > 1) {
    const int64_t end = chunks.back().end;
    chunks.pop_back();
    chunks.back().end = end;
  }
  return chunks;
}

}  // namespace

std::vector<ByteRange> split_chunks(std::string_view cot) {
  return join_short(cot, split_at_boundaries(cot));
}

}  // namespace tugline
