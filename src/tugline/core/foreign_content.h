// Files that hold something else than their name says: what a broken download or a clone without git-lfs leaves behind.
#pragma once

#include <string_view>

namespace tugline {

// Throws Error (kInput) that begins with `label`, says what the file is and what to do, if `content` begins like a git-lfs
// pointer, a web page, a pickle, a zip archive, GGUF, or a server's error message. Returns if it knows none of these. For
// readers that have found the content not to be in their own format.
void refuse_foreign_content(std::string_view content, std::string_view label);

}  // namespace tugline
