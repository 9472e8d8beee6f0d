// The page of `tugline tug` for one span: its tokens by their KL, and a table of epsilons, for each layer.
#pragma once

#include <string>

#include "tugline/cli/terminal.h"
#include "tugline/cli/tug_result.h"

namespace tugline {

// How the tokens' KL is shown where there are colours: by colour alone, or also as numbers.
enum class TokenNumbers { kWithoutColours, kAlways };

// The text of the only span. A token's KL is the mean over directions at the epsilon of largest size; what
// moved most at a row is what the push with the largest KL there moved.
[[nodiscard]] std::string tug_text(const TugResult& result, Colour colour,
                                   TokenNumbers numbers = TokenNumbers::kWithoutColours);

}  // namespace tugline
