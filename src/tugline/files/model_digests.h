// The digests of the files that a model is read from (files/file_digest), for a run's provenance.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "tugline/files/file_digest.h"
#include "tugline/files/model_source.h"

namespace tugline {

enum class ModelContent { kWeights, kTokenizer, kConfiguration };

struct ModelFileDigest {
  std::filesystem::path path;  // for messages; "memory" for weights in a caller's memory
  ModelContent content;
  // The file's place in the model, wherever the model lies: its name in the directory; "gguf" or
  // "gguf-00001-of-00003", which also holds the tokenizer and the configuration; "memory".
  std::string name;
  std::string digest;
};

// The digest of every file that tugline reads of the model: weights with their index, the tokenizer,
// config.json. Errors: those of file_digest and of ModelSource's paths.
[[nodiscard]] std::vector<ModelFileDigest> model_digests(const ModelSource& model, const DigestCall& call);

}  // namespace tugline
