// The page of `tugline tug --every-sentence`: the text's sentences, the largest response first.
#pragma once

#include <string>

#include "tugline/cli/terminal.h"
#include "tugline/cli/tug_result.h"

namespace tugline {

// One line for each sentence, with its mean KL at the epsilon of largest size for each layer. On a terminal
// with colours the whole text follows, its sentences coloured by that KL. Lines have at most `columns`
// characters if that is not 0.
[[nodiscard]] std::string sentences_text(const TugResult& result, Colour colour, size_t columns);

}  // namespace tugline
