// What the system says of a path. If it cannot say, as on a network mount that does not answer, that is an
// error here. It must not be taken for "there is no such file": a run store would be replaced by a new one.
#pragma once

#include <cstdint>
#include <filesystem>

namespace tugline {

// Of the file, behind a link if the path is one. Its type is not_found if there is nothing.
// Errors: kIo if the system cannot say, with its reason.
[[nodiscard]] std::filesystem::file_status status_of(const std::filesystem::path& path);
// Of the link itself.
[[nodiscard]] std::filesystem::file_status link_status_of(const std::filesystem::path& path);

// Whether there is anything, behind a link if the path is one. Errors: kIo, likewise.
[[nodiscard]] bool is_there(const std::filesystem::path& path);

// Bytes of a file that is there. Errors: kIo.
[[nodiscard]] uintmax_t size_of(const std::filesystem::path& path);

}  // namespace tugline
