#include "tugline/cli/tug_text.h"

#include <fmt/ranges.h>
#include <spdlog/spdlog.h>

#include "tugline/cli/number_lists.h"
#include "tugline/cli/session.h"
#include "tugline/core/error.h"
#include "tugline/core/excerpt.h"
#include "tugline/text/spans.h"

namespace tugline {
namespace {

// Overlapping ones too: each is a span of its own.
std::vector<ByteRange> occurrences(const std::string& text, const std::string& sentence) {
  std::vector<ByteRange> found;
  for (size_t at = text.find(sentence); at != std::string::npos; at = text.find(sentence, at + 1))
    found.push_back({static_cast<int64_t>(at), static_cast<int64_t>(at + sentence.size())});
  return found;
}

TokenRange find_sentence(const std::string& text, const std::string& sentence, const Encoding& encoding) {
  if (sentence.empty()) fail(ErrorCode::kUsage, "--sentence: is empty");
  std::vector<TokenRange> places;
  for (const ByteRange bytes : occurrences(text, sentence)) {
    const auto tokens = tokens_holding(encoding, bytes);
    if (!tokens) fail(ErrorCode::kInput, "--sentence: is not covered by the text's tokens; give --span");
    places.push_back(*tokens);
  }
  if (places.empty()) fail(ErrorCode::kInput, "--sentence: '{}' is not in the text", excerpt(sentence));
  if (places.size() == 1) return places.front();
  std::vector<std::string> spans;
  for (const TokenRange place : places) spans.push_back(fmt::format("{}:{}", place.begin, place.end));
  fail(ErrorCode::kUsage, "--sentence: is in the text {} times; choose one by --span: {}", places.size(),
       fmt::join(spans, ", "));
}

TugText from_text(const TextArguments& arguments, const ModelSource& source) {
  const Tokenizer tokenizer = load_tokenizer(source);
  const Encoding encoding = tokenizer.encode(*arguments.text, arguments.bos);
  TugText text;
  text.ids = encoding.ids;
  warn_of_two_bos(tokenizer, tokenizer.begins_with_two_bos(text.ids) ? 1 : 0, 1);
  text.span = arguments.sentence ? find_sentence(*arguments.text, *arguments.sentence, encoding)
                                 : parse_token_range(*arguments.span);
  for (const int32_t id : text.ids) text.pieces.push_back(tokenizer.token_bytes(id));
  return text;
}

// The tokenizer where there is one. Asked for nothing but pieces to show, a model without one is no error.
std::optional<Tokenizer> tokenizer_for_ids(const ModelSource& source, BosPolicy bos) {
  if (bos != BosPolicy::kNever) return load_tokenizer(source);
  try {
    return load_tokenizer(source);
  } catch (const Error& e) {
    spdlog::info("tokens are shown by their ids: {}", e.what());
    return std::nullopt;
  }
}

TugText from_ids(const TextArguments& arguments, const ModelSource& source) {
  if (arguments.sentence)
    fail(ErrorCode::kUsage, "--sentence: is looked for in --text or --text-file; with --ids give --span");
  TugText text;
  const std::vector<int32_t> given = parse_ids(*arguments.ids);
  text.span = parse_token_range(*arguments.span);
  const std::optional<Tokenizer> tokenizer = tokenizer_for_ids(source, arguments.bos);
  if (tokenizer) text.ids = tokenizer->encode("", arguments.bos).ids;  // the BOS or nothing
  if (!text.ids.empty() && text.ids.front() == given.front())
    spdlog::warn("the ids begin with the BOS ({}) already and get another; --bos never runs them as they are",
                 given.front());
  text.ids.insert(text.ids.end(), given.begin(), given.end());
  for (const int32_t id : text.ids)
    text.pieces.push_back(tokenizer ? tokenizer->token_bytes(id) : std::string());
  return text;
}

}  // namespace

TugText resolve_tug_text(const TextArguments& arguments, const ModelSource& source) {
  return arguments.text ? from_text(arguments, source) : from_ids(arguments, source);
}

}  // namespace tugline
