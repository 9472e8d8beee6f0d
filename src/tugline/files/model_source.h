// From what a user calls a model to its files: a directory, a .gguf file, or ORG/NAME in the hub's cache.
// Finds; reads nothing. What a command needs and the model lacks is an error only when it is asked for.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "tugline/files/tensor_source.h"

namespace tugline {

struct ModelSource {
  enum class Kind { kDirectory, kGguf };
  Kind kind = Kind::kDirectory;
  std::filesystem::path path;  // the directory, or the .gguf file
  std::string name;            // for captions: ORG/NAME, the directory's name, the file's name without .gguf

  // The path of the file in the directory. Throws Error (kNotFound) naming it where it is not there. A .gguf
  // file carries its own configuration and tokenizer: for kDirectory only.
  [[nodiscard]] std::filesystem::path config_json() const;
  [[nodiscard]] std::filesystem::path tokenizer_json() const;
  // Whether weights are there at all, in whatever format and state.
  [[nodiscard]] bool has_weights() const;
  // The weights, for both kinds. Throws Error.
  [[nodiscard]] std::unique_ptr<TensorSource> open_tensors() const;
};

// A path that exists wins over ORG/NAME. Throws Error: kNotFound saying what was looked for, where, and how
// to get it; kInput for a directory that holds nothing of a model, or a file that is not .gguf.
[[nodiscard]] ModelSource resolve_model(const std::string& argument);

// Where the hub's tools keep what they fetched: HF_HUB_CACHE, else HUGGINGFACE_HUB_CACHE, else HF_HOME/hub, else
// XDG_CACHE_HOME/huggingface/hub, else ~/.cache/huggingface/hub. A leading ~ and $NAME or ${NAME} in them are replaced.
[[nodiscard]] std::filesystem::path hub_cache_folder();

}  // namespace tugline
