// A model's weights, checked against its configuration and packed for a backend. Turns a model's files into
// the matrices on which the layer runs.
#pragma once

#include <array>
#include <memory>
#include <vector>

#include "tugline/backend/backend.h"
#include "tugline/files/tensor_source.h"
#include "tugline/model/config.h"
#include "tugline/model/layer_program.h"
#include "tugline/model/norm.h"
#include "tugline/model/tensor_names.h"

namespace tugline {

// A layer's weights, by the names that its description gives them (model/layer_program). A weight that the
// description has no step for is not there.
struct LayerWeights {
  std::array<NormWeights, kNormWeights> norms;
  std::array<std::unique_ptr<Linear>, kLinearWeights> linears;  // [out, in]
  [[nodiscard]] const NormWeights& norm(NormWeight weight) const {
    return norms.at(static_cast<size_t>(weight));
  }
  [[nodiscard]] const Linear& linear(LinearWeight weight) const {
    return *linears.at(static_cast<size_t>(weight));
  }
};

struct Weights {
  LinearSource embedding;  // [vocab, hidden], read from the file row by row when tokens ask for it
  std::vector<LayerWeights> layers;
  NormWeights final_norm;
  std::unique_ptr<Head> head;  // [vocab, hidden]
};

// Errors: a tensor that is missing, misshaped, not finite. The source must outlive the weights.
[[nodiscard]] Weights load_weights(const ModelConfig& config, const TensorSource& tensors,
                                   TensorNaming naming, Backend& backend);

}  // namespace tugline
