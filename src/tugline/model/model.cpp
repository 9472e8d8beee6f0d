#include "tugline/model/model.h"

#include <cmath>

#include "tugline/core/error.h"
#include "tugline/files/fingerprint.h"
#include "tugline/files/gguf.h"

namespace tugline {
ModelConfig read_config(const ModelSource& source) {
  const bool gguf = source.kind == ModelSource::Kind::kGguf;
  ModelConfig config =
      gguf ? read_config_gguf(GgufFile::open(source.path)) : read_config_json(source.config_json());
  config.name = source.name;
  return config;
}

// The configuration first: a model that cannot be run is refused before its weights are looked at.
Model Model::load(const ModelSource& source, Backend& backend) {
  const bool gguf = source.kind == ModelSource::Kind::kGguf;
  ModelConfig config = read_config(source);
  return {std::move(config), source.open_tensors(), gguf ? TensorNaming::kGguf : TensorNaming::kHub, backend};
}

Model::Model(ModelConfig config, std::unique_ptr<TensorSource> tensors, TensorNaming naming, Backend& backend)
    : config_(std::move(config)),
      tensors_(std::move(tensors)),
      weights_(load_weights(config_, *tensors_, naming, backend)),
      backend_(&backend),
      fingerprint_(tugline::fingerprint(*tensors_)) {}

Model::Model(ModelConfig config, Weights weights, Backend& backend)
    : config_(std::move(config)), weights_(std::move(weights)), backend_(&backend) {}

void Model::embed(std::span<const int32_t> ids, const Matrix& to) const {
  const auto hidden = static_cast<size_t>(config_.hidden_size);
  std::vector<float> row(hidden);
  std::vector<double> rows;
  rows.reserve(ids.size() * hidden);
  for (size_t i = 0; i < ids.size(); ++i) {
    if (ids[i] < 0 || ids[i] >= config_.vocab_size)
      fail(ErrorCode::kInput, "token id {} at position {} is outside the model's vocabulary of {}", ids[i], i,
           config_.vocab_size);
    weights_.embedding.fill_rows(ids[i], row);
    rows.insert(rows.end(), row.begin(), row.end());
  }
  backend_->upload(rows, to);
}

RopeTable Model::make_rope_table(int64_t positions) const {
  const std::vector<double> frequencies = rope_inverse_frequencies(config_);
  std::vector<double> cosine;
  std::vector<double> sine;
  for (int64_t position = 0; position < positions; ++position) {
    for (const double frequency : frequencies) {
      cosine.push_back(std::cos(static_cast<double>(position) * frequency));
      sine.push_back(std::sin(static_cast<double>(position) * frequency));
    }
  }
  const auto half = static_cast<int64_t>(frequencies.size());
  RopeTable table{backend_->allocate(positions, half), backend_->allocate(positions, half)};
  backend_->upload(cosine, table.cosine->matrix());
  backend_->upload(sine, table.sine->matrix());
  return table;
}

void Model::final_norm(const Matrix& h, const Matrix& out) const {
  backend_->rms_norm(h, weights_.final_norm->matrix(), config_.rms_norm_eps, out);
}

}  // namespace tugline
