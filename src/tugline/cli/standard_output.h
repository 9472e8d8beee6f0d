// Results go to standard output through this, so that a full disk or a closed pipe is an error and not a
// short result.
#pragma once

#include <string_view>

namespace tugline {

// Throws Error kIo where not all of it could be written. Nothing is buffered.
void write_to_standard_output(std::string_view text);

// For the end of a command: some file systems report only now what they could not keep. Throws Error kIo.
void close_standard_output();

// For the start of the program: a standard stream that the caller closed is opened on /dev/null, so that no other file gets its
// number and messages or results are not written into it. A write to a closed standard output stays an error.
void open_missing_streams();

}  // namespace tugline
