#include "tugline/text/added_tokens.h"

#include <algorithm>

#include "tugline/text/unicode.h"
#include "tugline/text/utf8.h"

namespace tugline {
namespace {

// The begin of the white space that ends at `at`, but not before `limit`.
size_t space_before(std::string_view text, size_t at, size_t limit) {
  while (at > limit) {
    const Utf8Char c = utf8_char_before(text, at);
    if (!is_unicode_space(c.code)) break;
    at -= c.bytes;
  }
  return at;
}

size_t space_behind(std::string_view text, size_t at) {
  while (at < text.size()) {
    const Utf8Char c = utf8_char_at(text, at);
    if (!is_unicode_space(c.code)) break;
    at += c.bytes;
  }
  return at;
}

}  // namespace

AddedTokenMatcher::AddedTokenMatcher(const std::vector<AddedToken>& tokens) : tokens_(tokens) {
  first_.fill(kNone);
  for (size_t i = 0; i < tokens_.size(); ++i) {
    if (!tokens_[i].content.empty()) insert(tokens_[i].content, static_cast<int32_t>(i));
  }
}

void AddedTokenMatcher::insert(const std::string& content, int32_t token) {
  const auto new_node = [this] {
    nodes_.emplace_back();
    return static_cast<int32_t>(nodes_.size()) - 1;
  };
  int32_t& first = first_[static_cast<uint8_t>(content[0])];
  if (first == kNone) first = new_node();
  int32_t node = first;
  for (size_t i = 1; i < content.size(); ++i) {
    const auto byte = static_cast<uint8_t>(content[i]);
    const auto& children = nodes_[static_cast<size_t>(node)].children;
    const auto child =
        std::find_if(children.begin(), children.end(), [&](const auto& c) { return c.first == byte; });
    if (child != children.end()) {
      node = child->second;
      continue;
    }
    const int32_t added = new_node();
    nodes_[static_cast<size_t>(node)].children.emplace_back(byte, added);
    node = added;
  }
  int32_t& slot = nodes_[static_cast<size_t>(node)].token;
  if (slot == kNone) slot = token;
}

AddedTokenMatcher::Match AddedTokenMatcher::longest_at(std::string_view text, size_t begin) const {
  Match best;
  int32_t node = first_[static_cast<uint8_t>(text[begin])];
  for (size_t at = begin + 1; node != kNone; ++at) {
    const Node& here = nodes_[static_cast<size_t>(node)];
    if (here.token != kNone) best = {at, here.token};
    if (at == text.size()) break;
    const auto byte = static_cast<uint8_t>(text[at]);
    const auto child = std::find_if(here.children.begin(), here.children.end(),
                                    [&](const auto& c) { return c.first == byte; });
    node = child == here.children.end() ? kNone : child->second;
  }
  return best;
}

bool AddedTokenMatcher::stands_alone(std::string_view text, size_t begin, size_t end) {
  const bool before = begin == 0 || !is_unicode_word(utf8_char_before(text, begin).code);
  const bool behind = end == text.size() || !is_unicode_word(utf8_char_at(text, end).code);
  return before && behind;
}

std::vector<AddedTokenStretch> AddedTokenMatcher::split(std::string_view text) const {
  std::vector<AddedTokenStretch> out;
  size_t covered = 0;  // the text up to here is in `out`, with the white space that tokens include
  for (size_t at = 0; at < text.size();) {
    const Match match = longest_at(text, at);
    if (match.token == kNone) {
      ++at;
      continue;
    }
    const AddedToken& token = tokens_[static_cast<size_t>(match.token)];
    const size_t begin = token.lstrip ? space_before(text, at, std::min(covered, at)) : at;
    const bool alone = !token.single_word || stands_alone(text, at, match.end);
    if (!alone) {
      at = match.end;
      continue;
    }
    const size_t end = token.rstrip ? space_behind(text, match.end) : match.end;
    if (covered < begin) out.push_back({covered, begin, std::nullopt});
    out.push_back({begin, end, token.id});
    // White space that the token includes is not searched again, so that no byte comes out twice. (The
    // reference library continues at match.end, so an added token of white space would come out once more.)
    covered = at = end;
  }
  if (covered < text.size()) out.push_back({covered, text.size(), std::nullopt});
  return out;
}

}  // namespace tugline
