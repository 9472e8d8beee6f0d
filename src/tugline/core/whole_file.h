// Reads files of text to their end, or says that it could not. A stream of the standard library does not:
// after an error of the system it looks as if the file had ended, or it throws what is no Error.
#pragma once

#include <cstdio>
#include <filesystem>
#include <string>

namespace tugline {

// The bytes of the file at `path`. Messages call it `name`, by default its path. Errors: kNotFound if there
// is no such file, kInput if it is a directory, kIo if it cannot be opened or read to its end, with the
// reason.
[[nodiscard]] std::string read_whole_file(const std::filesystem::path& path, const std::string& name);
[[nodiscard]] std::string read_whole_file(const std::filesystem::path& path);

// What is left of an open file, such as standard input. Errors: kIo.
[[nodiscard]] std::string read_to_end(std::FILE* file, const std::string& name);

}  // namespace tugline
