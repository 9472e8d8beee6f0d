// A loaded model: configuration, weights packed for one backend, and the two steps around the layers.
#pragma once

#include <filesystem>
#include <memory>
#include <span>

#include "tugline/backend/backend.h"
#include "tugline/core/ids.h"
#include "tugline/files/model_source.h"
#include "tugline/files/tensor_source.h"
#include "tugline/model/config.h"
#include "tugline/model/layer.h"
#include "tugline/model/weights.h"

namespace tugline {

// Reads config.json or the GGUF metadata, without looking at the tensors. Throws Error.
[[nodiscard]] ModelConfig stated_config(const ModelSource& source);

// A model's open files, after every tensor's name, shape and type was checked against the configuration.
struct ModelFiles {
  ModelConfig config;  // with all warnings
  std::unique_ptr<TensorSource> tensors;
  TensorNaming naming;
};
// Throws Error that names the setting or tensor because of which the model cannot be run.
[[nodiscard]] ModelFiles open_model(const ModelSource& source);

// The configuration that a run of the model would have, as open_model returns it. Reads no value of a weight.
[[nodiscard]] ModelConfig read_config(const ModelSource& source);

class Model {
 public:
  // Reads configuration and weights of a model directory or GGUF file. `backend` must outlive the model.
  static Model load(const ModelSource& source, Backend& backend);
  // Reads the weights of files that are open already.
  Model(ModelFiles files, Backend& backend);
  // Takes packed weights that come from no file, such as random ones in benchmarks. Its fingerprint is 0.
  Model(ModelConfig config, Weights weights, Backend& backend);

  [[nodiscard]] const ModelConfig& config() const { return config_; }
  [[nodiscard]] const Weights& weights() const { return weights_; }
  // What every layer of the model does.
  [[nodiscard]] const LayerProgram& program() const { return program_; }
  [[nodiscard]] DecoderLayer layer(LayerIndex layer) const {
    return {config_, program_, weights_.layers[static_cast<size_t>(layer.value)], *backend_,
            config_.window(layer.value)};
  }
  [[nodiscard]] Backend& backend() const { return *backend_; }
  // Identifies the weights (files/fingerprint); part of a run's identity.
  [[nodiscard]] uint64_t fingerprint() const { return fingerprint_; }

  // Copies rows of the embedding table.  to [ids.size(), hidden]. Errors: an id outside the table.
  void embed(std::span<const int32_t> ids, const Matrix& to) const;
  [[nodiscard]] RopeTable make_rope_table(int64_t positions) const;
  // The norm before the head, of rows [n, hidden].
  [[nodiscard]] Norm final_norm() const { return {config_, weights_.final_norm, *backend_}; }

 private:
  ModelConfig config_;
  LayerProgram program_;
  std::unique_ptr<TensorSource> tensors_;
  Weights weights_;
  Backend* backend_;
  uint64_t fingerprint_ = 0;
};

}  // namespace tugline
