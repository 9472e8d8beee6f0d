#include "tugline/cli/tug_text.h"

#include <spdlog/spdlog.h>

#include "tugline/api/warn.h"
#include "tugline/cli/number_lists.h"
#include "tugline/cli/session.h"
#include "tugline/core/error.h"

namespace tugline {
namespace {

RunningText from_ids(const TextArguments& arguments, const Tokenizer* tokenizer) {
  const std::vector<int32_t> given = parse_ids(*arguments.ids);
  std::vector<int32_t> ids;
  if (tokenizer != nullptr) ids = tokenizer->encode("", arguments.bos).ids;  // the BOS, if there is one
  if (!ids.empty() && ids.front() == given.front())
    spdlog::warn("the ids begin with the BOS ({}) already and get another; --bos never runs them as they are",
                 given.front());
  ids.insert(ids.end(), given.begin(), given.end());
  return running_ids(std::move(ids));
}

}  // namespace

bool needs_tokenizer(const TextArguments& arguments) {
  return !arguments.ids || arguments.bos != BosPolicy::kNever;
}

RunningText resolve_text(const TextArguments& arguments, const Tokenizer* tokenizer) {
  if (arguments.ids) return from_ids(arguments, tokenizer);
  RunningText text = arguments.data ? running_example(load_data(*arguments.data), arguments.example,
                                                      arguments.bos, *tokenizer)
                                    : running_text(*arguments.text, arguments.bos, *tokenizer);
  warn_of_two_bos(*tokenizer, tokenizer->begins_with_two_bos(text.encoding.ids) ? 1 : 0, 1,
                  watch_on_stderr());
  return text;
}

Span resolve_span(const TextArguments& arguments, const RunningText& text, const Tokenizer* tokenizer) {
  if (arguments.sentence) return span_of_sentence(text, *arguments.sentence);
  if (arguments.span) return {.tokens = parse_token_range(*arguments.span), .text = {}};
  return anchor_span(text, *tokenizer, watch_on_stderr());
}

TugText shown_text(const RunningText& text, const Tokenizer* tokenizer) {
  TugText shown{.ids = text.encoding.ids, .pieces = {}};
  for (const int32_t id : shown.ids)
    shown.pieces.push_back(tokenizer != nullptr ? tokenizer->token_bytes(id) : std::string());
  return shown;
}

}  // namespace tugline
