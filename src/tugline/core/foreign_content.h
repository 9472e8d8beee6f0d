// Recognises files that hold something other than their name says, such as the result of a broken download or
// of a clone without git-lfs.
#pragma once

#include <string_view>

namespace tugline {

// Throws Error (kInput) if `content` begins like a git-lfs pointer, a web page, a pickle, a zip archive,
// GGUF, or a server's error message; the message begins with `label` and says what the file is and what to
// do. Otherwise it returns. Readers call it when the content is not in their own format.
void refuse_foreign_content(std::string_view content, std::string_view label);

}  // namespace tugline
