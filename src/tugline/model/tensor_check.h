// Checks a file's tensors against a configuration: every name, shape and type, without reading a value.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tugline/files/model_source.h"
#include "tugline/files/tensor_source.h"
#include "tugline/model/config.h"
#include "tugline/model/tensor_names.h"

namespace tugline {

// The tensor of that name. Errors: it is missing, has a type that tugline does not read, or another shape.
[[nodiscard]] const TensorView& require_tensor(const TensorSource& tensors, const std::string& name,
                                               const std::vector<int64_t>& shape);

// How the tensors of a model directory or GGUF file are named.
[[nodiscard]] TensorNaming naming_of(const ModelSource& source, const TensorSource& tensors);

// tie_word_embeddings says that the embedding is also the head, but the file may hold a separate head. If
// that differs from the embedding, it is used, as in transformers: clears config.tied_head and adds a
// warning.
void settle_head(ModelConfig& config, const TensorSource& tensors, TensorNaming naming);

struct TensorCheck {
  std::vector<std::string>
      problems;  // why the model cannot be run, one for each tensor; each reason is given a few times at most
  std::vector<std::string> warnings;  // the tensors that nothing reads
};
// Call it after the head is settled.
[[nodiscard]] TensorCheck check_tensors(const ModelConfig& config, const TensorSource& tensors,
                                        TensorNaming naming);

}  // namespace tugline
