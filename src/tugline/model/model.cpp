#include "tugline/model/model.h"

#include <cmath>

#include "tugline/core/error.h"
#include "tugline/files/fingerprint.h"
#include "tugline/files/gguf.h"
#include "tugline/model/tensor_check.h"

namespace tugline {

ModelConfig stated_config(const ModelSource& source) {
  const bool gguf = source.kind == ModelSource::Kind::kGguf;
  ModelConfig config =
      gguf ? read_config_gguf(GgufFile::open(source.path)) : read_config_json(source.config_json());
  config.name = source.name;
  for (std::string& warning : source.warnings()) config.warnings.push_back(std::move(warning));
  return config;
}

// The configuration first: a model that cannot be run is refused before its weights are looked at.
ModelFiles open_model(const ModelSource& source) {
  ModelFiles files{.config = stated_config(source), .tensors = nullptr, .naming = TensorNaming::kHub};
  files.tensors = source.open_tensors();
  files.naming = naming_of(source, *files.tensors);
  settle_head(files.config, *files.tensors, files.naming);
  const TensorCheck check = check_tensors(files.config, *files.tensors, files.naming);
  if (!check.problems.empty())
    fail(ErrorCode::kInput, "{}{}", check.problems.front(),
         check.problems.size() > 1 ? "; `tugline inspect` shows what else is wrong" : "");
  files.config.warnings.insert(files.config.warnings.end(), check.warnings.begin(), check.warnings.end());
  return files;
}

ModelConfig read_config(const ModelSource& source) { return open_model(source).config; }

Model Model::load(const ModelSource& source, Backend& backend) { return {open_model(source), backend}; }

Model::Model(ModelFiles files, Backend& backend)
    : config_(std::move(files.config)),
      program_(describe_layer(config_)),
      tensors_(std::move(files.tensors)),
      weights_(load_weights(config_, *tensors_, files.naming, backend)),
      backend_(&backend),
      fingerprint_(tugline::fingerprint(*tensors_)) {}

Model::Model(ModelConfig config, Weights weights, Backend& backend)
    : config_(std::move(config)),
      program_(describe_layer(config_)),
      weights_(std::move(weights)),
      backend_(&backend) {}

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
  const std::vector<double> frequencies = rope_inverse_frequencies(config_.rope, config_.head_dim);
  std::vector<double> cosine;
  std::vector<double> sine;
  for (int64_t position = 0; position < positions; ++position) {
    for (const double frequency : frequencies) {
      const double angle = static_cast<double>(position) * frequency;
      cosine.push_back(config_.rope.attention_factor * std::cos(angle));
      sine.push_back(config_.rope.attention_factor * std::sin(angle));
    }
  }
  const auto half = static_cast<int64_t>(frequencies.size());
  RopeTable table{backend_->allocate(positions, half), backend_->allocate(positions, half)};
  backend_->upload(cosine, table.cosine->matrix());
  backend_->upload(sine, table.sine->matrix());
  return table;
}

}  // namespace tugline
