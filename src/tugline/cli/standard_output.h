// Writes results to standard output, so that a full disk or a closed pipe is an error and not an incomplete
// result.
#pragma once

#include <string_view>

namespace tugline {

// Writes `text` without a buffer. Throws Error kIo if not all of it could be written.
void write_to_standard_output(std::string_view text);

// Call it at the end of a command, because some file systems report a failed write only then. Throws Error
// kIo.
void close_standard_output();

// Call it at the start of the program. It opens a standard stream that the caller closed on /dev/null, so
// that no other file gets its number and receives messages or results. A write to a closed standard output
// stays an error.
void open_missing_streams();

}  // namespace tugline
