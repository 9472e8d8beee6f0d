// Text from files as messages may show it.
#pragma once

#include <string>
#include <string_view>

namespace tugline {

// A name out of a file, safe to show: what is not printable ASCII as \xNN, cut at 100 characters.
[[nodiscard]] std::string printable(std::string_view text);

}  // namespace tugline
