// From what a user calls a model to its files: a directory, a .gguf file, or ORG/NAME in the hub's cache.
// Finds; reads and fetches nothing (obtain_model in hub/fetch_model.h fetches). What a command needs and the
// model lacks is an error only when it is asked for.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "tugline/files/tensor_source.h"

namespace tugline {

struct ModelSource {
  enum class Kind { kDirectory, kGguf };
  Kind kind = Kind::kDirectory;
  std::filesystem::path path;  // the directory, or the .gguf file
  std::string name;            // for captions: ORG/NAME, the directory's name, the file's name without .gguf
  std::string commit;          // of a model in the hub's cache; else empty
  // Weights in a caller's memory, in place of the directory's. They are read only, and never released.
  std::shared_ptr<const TensorSource> tensors = {};

  // The path of the file in the directory. Throws Error (kNotFound) naming it where it is not there. A .gguf
  // file carries its own configuration and tokenizer: for kDirectory only.
  [[nodiscard]] std::filesystem::path config_json() const;
  [[nodiscard]] std::filesystem::path tokenizer_json() const;
  // Whether weights are there at all, in whatever format and state.
  [[nodiscard]] bool has_weights() const;
  // Weights that lie in the directory and are not read: shards beside a whole model.safetensors, or that the
  // index does not name.
  [[nodiscard]] std::vector<std::string> warnings() const;
  // The weights, for both kinds. Throws Error.
  [[nodiscard]] std::unique_ptr<TensorSource> open_tensors() const;
};

// A path that exists wins over ORG/NAME and ORG/NAME@REVISION. Throws Error: kNotFound saying what was looked
// for, where, and how to get it; kInput for a directory that holds nothing of a model, or a file that is not
// .gguf.
[[nodiscard]] ModelSource resolve_model(const std::string& argument);

}  // namespace tugline
