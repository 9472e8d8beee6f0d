// Reads safetensors: a JSON header that names each tensor's dtype, shape and bytes, then the bytes.
// Memory-mapped; the header is checked in full before a tensor is given out. Writes nothing.
#pragma once

#include <cstddef>
#include <filesystem>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "tugline/files/tensor_source.h"

namespace tugline {

// The names of a whole model's weights, and of the index of those in several files.
inline constexpr const char* kWholeSafetensors = "model.safetensors";
inline constexpr const char* kSafetensorsIndex = "model.safetensors.index.json";

// `path` is one file, or a directory that holds model.safetensors, or model.safetensors.index.json and its
// shards (all tensors of the shards that the index names). Throws Error naming the file, the tensor,
// expected and found.
[[nodiscard]] std::unique_ptr<TensorSource> open_safetensors(const std::filesystem::path& path);

// One file's content in memory, which outlives the source; `label` is what messages call it.
[[nodiscard]] std::unique_ptr<TensorSource> parse_safetensors(std::span<const std::byte> bytes,
                                                              const std::string& label);

// The files that an index names, ascending, relative to its folder and inside it. Throws Error.
[[nodiscard]] std::vector<std::string> shards_of_index(const std::filesystem::path& index);

// The files of a directory that are named like weights in transformers' layout (model*.safetensors) and that
// open_safetensors does not read, ascending. Throws Error (kInput) for an index that cannot be read.
[[nodiscard]] std::vector<std::string> unread_safetensors(const std::filesystem::path& directory);

// What one file's header says of it: its __metadata__; empty where it has none. Throws Error as above.
[[nodiscard]] std::map<std::string, std::string> safetensors_metadata(const std::filesystem::path& path);

}  // namespace tugline
