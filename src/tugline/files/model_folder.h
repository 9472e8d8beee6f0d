// What lies in a model's directory in the place of what a reader looks for: unfinished downloads, other
// formats, parts. Internal to files/.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace tugline {

// The paths in a directory, ascending. Throws Error (kIo).
[[nodiscard]] std::vector<std::filesystem::path> entries_of(const std::filesystem::path& directory);

// Why a file that should be in a directory is not there, as the end of a sentence: it is a link to nothing,
// or a download has not finished. Empty if nothing explains it.
[[nodiscard]] std::string why_absent(const std::filesystem::path& file);

// What a directory has in the place of safetensors weights and what to do about it, as the end of a sentence:
// shards without an index, pickles, GGUF, an unfinished download, an adapter. Empty if there is nothing.
[[nodiscard]] std::string weights_instead(const std::filesystem::path& directory);

// Whether anything in the directory is weights, whatever their format and state.
[[nodiscard]] bool holds_weights(const std::filesystem::path& directory);

// Whether a file of this name makes its directory an adapter (LoRA and the like).
[[nodiscard]] bool is_adapter(const std::filesystem::path& path);

// Throws Error (kUnsupported) if the directory holds an adapter (LoRA and the like): the weights beside it
// alone are another model.
void refuse_adapter(const std::filesystem::path& directory);

}  // namespace tugline
