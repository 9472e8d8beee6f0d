#include "tugline/api/warn.h"

#include <fmt/format.h>

#include "tugline/core/printable.h"

namespace tugline {

void warn_of_two_bos(const Tokenizer& tokenizer, int64_t count, int64_t texts, const Watch& watch) {
  if (count == 0) return;
  warn(watch,
       fmt::format(
           "{} begin{} with the BOS '{}' already and get{} another; take it out of the text, or set bos to "
           "never",
           texts == 1 ? "the text" : fmt::format("{} of {} texts", count, texts), count == 1 ? "s" : "",
           printable(tokenizer.token_bytes(*tokenizer.bos_id())), count == 1 ? "s" : ""));
}

}  // namespace tugline
