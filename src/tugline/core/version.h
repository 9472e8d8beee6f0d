// The version of the project; CMakeLists.txt reads it from here.
#pragma once

#include <string_view>

namespace tugline {

inline constexpr std::string_view kVersion = "0.1.0";

}  // namespace tugline
