// Makes text from files safe to show in messages.
#pragma once

#include <string>
#include <string_view>

namespace tugline {

// `text` with every byte that is not printable ASCII written as \xNN, cut at 100 characters.
[[nodiscard]] std::string printable(std::string_view text);

}  // namespace tugline
