// Results go to standard output through this, so that a full disk or a closed pipe is an error and not a
// short result.
#pragma once

#include <string_view>

namespace tugline {

// Throws Error kIo where not all of it could be written.
void write_to_standard_output(std::string_view text);

}  // namespace tugline
