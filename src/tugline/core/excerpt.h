// A short quotation of a user's text for a message.
#pragma once

#include <string>
#include <string_view>

namespace tugline {

// The beginning of `text` on one line, in at most about `most` bytes. White space is folded, control
// characters and bytes that are not UTF-8 become '?', and "..." replaces what is cut off. Accepts any bytes.
[[nodiscard]] std::string excerpt(std::string_view text, size_t most = 80);

}  // namespace tugline
