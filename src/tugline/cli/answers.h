// --answers A,B: the two tokens whose logits are compared.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "tugline/text/tokenizer.h"

namespace tugline {

// Each answer is a text that is one token, white space included, or id:N, a token's id. No value if `text` is
// empty. `tokenizer` may be null if both are ids; `vocabulary` is the model's. Errors (kUsage), naming the
// answer: a text that is no single token, with the tokens that it is; an id that the model does not have; one
// token twice; other than two answers.
[[nodiscard]] std::optional<std::pair<int32_t, int32_t>> resolve_answers(const std::string& text,
                                                                         const Tokenizer* tokenizer,
                                                                         int64_t vocabulary);

// Whether resolve_answers needs a tokenizer.
[[nodiscard]] bool needs_tokenizer(const std::string& answers);

}  // namespace tugline
