// Shows how a text is cut into tokens.
#pragma once

#include <string>

#include "tugline/text/tokenizer.h"

namespace tugline {

// {"ids", "offsets": [[begin, end]], "pieces"}: offsets are bytes of the original text, a piece is the
// token's own text, with U+FFFD where its bytes are a part of a character.
[[nodiscard]] std::string encoding_json(const Tokenizer& tokenizer, const Encoding& encoding);
// One line for each token.
[[nodiscard]] std::string encoding_text(const Tokenizer& tokenizer, const Encoding& encoding);

}  // namespace tugline
