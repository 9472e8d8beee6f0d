#include "tugline/files/model_digests.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "tugline/core/file_status.h"
#include "tugline/files/gguf_parts.h"
#include "tugline/files/safetensors.h"

namespace tugline {
namespace fs = std::filesystem;
namespace {

// Tensors have no order in memory: by name.
std::string digest_of(const TensorSource& tensors) {
  std::string all;
  for (const std::string& name : tensors.names()) {
    const TensorView& tensor = *tensors.find(name);
    all += fmt::format("{}\n{}\n{}\n{}\n", name, name_of(tensor.dtype), fmt::join(tensor.shape, ","),
                       bytes_digest(tensor.bytes));
  }
  return bytes_digest(std::as_bytes(std::span(all)));
}

std::vector<ModelFileDigest> gguf_files(const fs::path& path) {
  const auto part = gguf_part_name(path);
  if (!part) return {{path, ModelContent::kWeights, "gguf", ""}};
  std::vector<ModelFileDigest> files;
  for (const fs::path& each : gguf_part_paths(path, *part))
    files.push_back({each, ModelContent::kWeights,
                     fmt::format("gguf-{:05}-of-{:05}", files.size() + 1, part->count), ""});
  return files;
}

std::vector<ModelFileDigest> weights_of(const fs::path& folder) {
  if (is_there(folder / kWholeSafetensors))
    return {{folder / kWholeSafetensors, ModelContent::kWeights, kWholeSafetensors, ""}};
  std::vector<ModelFileDigest> files{
      {folder / kSafetensorsIndex, ModelContent::kConfiguration, kSafetensorsIndex, ""}};
  for (const std::string& shard : shards_of_index(folder / kSafetensorsIndex))
    files.push_back({folder / shard, ModelContent::kWeights, shard, ""});
  return files;
}

std::vector<ModelFileDigest> files_of(const ModelSource& model) {
  if (model.kind == ModelSource::Kind::kGguf) return gguf_files(model.path);
  std::vector<ModelFileDigest> files =
      model.tensors ? std::vector<ModelFileDigest>() : weights_of(model.path);
  for (const auto& [name, content] : {std::pair("config.json", ModelContent::kConfiguration),
                                      std::pair("tokenizer.json", ModelContent::kTokenizer),
                                      std::pair("tokenizer_config.json", ModelContent::kTokenizer)})
    if (is_there(model.path / name)) files.push_back({model.path / name, content, name, ""});
  return files;
}

}  // namespace

std::vector<ModelFileDigest> model_digests(const ModelSource& model, const DigestCall& call) {
  std::vector<ModelFileDigest> files = files_of(model);
  for (ModelFileDigest& file : files) file.digest = file_digest(file.path, call);
  if (model.tensors) files.push_back({"memory", ModelContent::kWeights, "memory", digest_of(*model.tensors)});
  return files;
}

}  // namespace tugline
