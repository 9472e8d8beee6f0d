// What the system says of a path. If it cannot say, as on a network mount that does not answer, that is an
// error here. It must not be taken for "there is no such file": a run store would be replaced by a new one.
#pragma once

#include <cstdint>
#include <filesystem>

namespace tugline {

// Returns the status of the file. If the path is a link, that is the file to which it leads. If there is
// nothing, the type is not_found. Errors: kIo if the system cannot say, with its reason.
[[nodiscard]] std::filesystem::file_status status_of(const std::filesystem::path& path);
// The same, except that a link is not followed.
[[nodiscard]] std::filesystem::file_status link_status_of(const std::filesystem::path& path);

// Whether there is anything, behind a link if the path is one. Errors: kIo, likewise.
[[nodiscard]] bool is_there(const std::filesystem::path& path);

// Bytes of a file that is there. Errors: kIo.
[[nodiscard]] uintmax_t size_of(const std::filesystem::path& path);

}  // namespace tugline
