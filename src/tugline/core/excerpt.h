// A short quotation of a user's text for a message.
#pragma once

#include <string>
#include <string_view>

namespace tugline {

// At most about `most` bytes of `text` on one line: white space is folded, control characters and bytes that are not
// UTF-8 become '?', and "..." stands for what is left out at the end. Accepts any bytes.
[[nodiscard]] std::string excerpt(std::string_view text, size_t most = 80);

}  // namespace tugline
