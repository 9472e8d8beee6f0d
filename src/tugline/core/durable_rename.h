// Gives a finished file its name for good: a power cut can no longer take the name back.
#pragma once

#include <filesystem>
#include <system_error>

namespace tugline {

// Renames `from` to `to`, which is in the same folder, and waits until the folder's entries are on the disk.
// Returns the system's error. If `to` has the file already when the wait fails, it keeps it. The file's
// contents must be synchronised before.
[[nodiscard]] std::error_code rename_durably(const std::filesystem::path& from,
                                             const std::filesystem::path& to);

}  // namespace tugline
