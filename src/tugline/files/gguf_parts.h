// A GGUF model in several files, as llama-gguf-split cuts it: NAME-00001-of-00003.gguf and so on. The first
// has the metadata, all of them have tensors. Internal to files/.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "tugline/files/gguf.h"

namespace tugline {

struct GgufPartName {
  std::string model;    // NAME
  uint64_t number = 0;  // from 1
  uint64_t count = 0;
};

// What a file's name says; no value if it is not a part's name.
[[nodiscard]] std::optional<GgufPartName> gguf_part_name(const std::filesystem::path& path);

// The paths of all parts, in order, beside the one of that name. Throws Error (kNotFound) naming one that is
// not there.
[[nodiscard]] std::vector<std::filesystem::path> gguf_part_paths(const std::filesystem::path& path,
                                                                 const GgufPartName& name);

// One model of its parts, in order; their split.* metadata are checked and taken out. Throws Error (kInput)
// naming a part that does not belong, and why.
[[nodiscard]] GgufContents join_gguf_parts(std::vector<GgufContents> parts,
                                           const std::vector<std::filesystem::path>& paths);

// Throws Error (kUnsupported) for a file of several whose name does not say which, so that the others cannot
// be found.
void refuse_unnamed_part(const GgufContents& contents, const std::string& label);

}  // namespace tugline
