// The span of a sentence that a user names.
#pragma once

#include <string>
#include <string_view>

#include "tugline/text/tokenizer.h"

namespace tugline {

// The tokens that hold `sentence`, which must occur in `text` exactly once. Errors: kUsage if it is empty or
// occurs more than once (lists all places); kInput if it does not occur, or a byte of it is in no token.
[[nodiscard]] TokenRange sentence_span(const std::string& text, std::string_view sentence,
                                       const Encoding& encoding);

}  // namespace tugline
