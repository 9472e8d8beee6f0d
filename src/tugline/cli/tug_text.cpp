#include "tugline/cli/tug_text.h"

#include <spdlog/spdlog.h>

#include "tugline/api/sentence.h"
#include "tugline/api/warn.h"
#include "tugline/cli/number_lists.h"
#include "tugline/cli/session.h"
#include "tugline/core/error.h"

namespace tugline {
namespace {

TugText from_text(const TextArguments& arguments, const Tokenizer& tokenizer) {
  const Encoding encoding = tokenizer.encode(*arguments.text, arguments.bos);
  TugText text;
  text.ids = encoding.ids;
  warn_of_two_bos(tokenizer, tokenizer.begins_with_two_bos(text.ids) ? 1 : 0, 1, watch_on_stderr());
  text.span = arguments.sentence ? sentence_span(*arguments.text, *arguments.sentence, encoding)
                                 : parse_token_range(*arguments.span);
  for (const int32_t id : text.ids) text.pieces.push_back(tokenizer.token_bytes(id));
  return text;
}

TugText from_ids(const TextArguments& arguments, const Tokenizer* tokenizer) {
  if (arguments.sentence)
    fail(ErrorCode::kUsage, "--sentence: is looked for in --text or --text-file; with --ids give --span");
  TugText text;
  const std::vector<int32_t> given = parse_ids(*arguments.ids);
  text.span = parse_token_range(*arguments.span);
  if (tokenizer) text.ids = tokenizer->encode("", arguments.bos).ids;  // the BOS, if there is one
  if (!text.ids.empty() && text.ids.front() == given.front())
    spdlog::warn("the ids begin with the BOS ({}) already and get another; --bos never runs them as they are",
                 given.front());
  text.ids.insert(text.ids.end(), given.begin(), given.end());
  for (const int32_t id : text.ids)
    text.pieces.push_back(tokenizer ? tokenizer->token_bytes(id) : std::string());
  return text;
}

}  // namespace

bool needs_tokenizer(const TextArguments& arguments) {
  return arguments.text.has_value() || arguments.bos != BosPolicy::kNever;
}

TugText resolve_tug_text(const TextArguments& arguments, const Tokenizer* tokenizer) {
  return arguments.text ? from_text(arguments, *tokenizer) : from_ids(arguments, tokenizer);
}

}  // namespace tugline
