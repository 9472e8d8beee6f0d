// The scripts that complete tugline's command line in a shell. They ask `tugline completion --words` what
// fits, so that they need not be made again when a command gets an option.
#pragma once

#include <string>
#include <string_view>

namespace tugline {

enum class Shell { kBash, kZsh, kFish };

[[nodiscard]] std::string_view completion_script(Shell shell);

}  // namespace tugline
