// The version of the project; CMakeLists.txt reads it from here. Also the commit that was built.
#pragma once

#include <string_view>

namespace tugline {

inline constexpr std::string_view kVersion = "0.1.0";

// Git's name of the commit, 40 digits; with "-dirty" if the sources differed from it; "unknown" if the
// program was not built in a clone. cmake/write_commit.cmake writes it.
[[nodiscard]] std::string_view commit();

}  // namespace tugline
