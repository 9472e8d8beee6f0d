#include "tugline/api/sentence.h"

#include <fmt/ranges.h>

#include <vector>

#include "tugline/core/error.h"
#include "tugline/core/excerpt.h"
#include "tugline/text/spans.h"

namespace tugline {
namespace {

// Overlapping ones too: each is a span of its own.
std::vector<ByteRange> occurrences(const std::string& text, std::string_view sentence) {
  std::vector<ByteRange> found;
  for (size_t at = text.find(sentence); at != std::string::npos; at = text.find(sentence, at + 1))
    found.push_back({static_cast<int64_t>(at), static_cast<int64_t>(at + sentence.size())});
  return found;
}

}  // namespace

TokenRange sentence_span(const std::string& text, std::string_view sentence, const Encoding& encoding) {
  if (sentence.empty()) refuse("sentence", "is empty");
  std::vector<TokenRange> places;
  for (const ByteRange bytes : occurrences(text, sentence)) {
    const auto tokens = tokens_holding(encoding, bytes);
    if (!tokens)
      fail_setting(ErrorCode::kInput, "sentence", "is not covered by the text's tokens; give a span");
    places.push_back(*tokens);
  }
  if (places.empty())
    fail_setting(ErrorCode::kInput, "sentence", "'{}' is not in the text", excerpt(sentence));
  if (places.size() == 1) return places.front();
  std::vector<std::string> spans;
  for (const TokenRange place : places) spans.push_back(fmt::format("{}:{}", place.begin, place.end));
  refuse("sentence", "is in the text {} times; choose one by its span: {}", places.size(),
         fmt::join(spans, ", "));
}

}  // namespace tugline
