#include "tugline/probe/supplied_directions.h"

#include <fmt/ranges.h>

#include <cassert>

#include "tugline/core/content_hash.h"
#include "tugline/core/error.h"
#include "tugline/probe/direction.h"

namespace tugline {
namespace {

std::optional<std::string> value_of(const DirectionFile& file, const std::string& name) {
  const auto found = file.metadata.find(name);
  return found == file.metadata.end() ? std::nullopt : std::optional(found->second);
}

bool is_control_vector(const DirectionFile& file) {
  const auto name = layer_name_of(file.array ? file.array->array : file.by_layer.begin()->second.array);
  return name && name->kind == kControlVector;
}

// What the rows of a layer's array belong to, as `tugline vectors` says it; empty for other files.
std::string rows_text(const DirectionFile& file, const DirectionArray& array) {
  return value_of(file, "rows." + array.array).value_or("");
}

void check_same_rows(const DirectionFile& file, int64_t first_layer, int64_t layer) {
  const DirectionArray& first = file.by_layer.at(first_layer);
  const DirectionArray& other = file.by_layer.at(layer);
  if (first.rows != other.rows)
    fail(ErrorCode::kInput,
         "{} has {} rows and {} has {}, but a run needs the same number of directions at every layer; sweep "
         "these layers in separate runs",
         first.name, first.rows, other.name, other.rows);
  if (rows_text(file, first) != rows_text(file, other))
    fail(ErrorCode::kInput,
         "{} and {}: by the file's metadata their rows belong to different chunks; sweep these layers in "
         "separate "
         "runs",
         first.name, other.name);
}

// llama.cpp's name of an architecture, as a control vector has it; it knows Mistral as llama.
bool is_named(Architecture architecture, const std::string& hint) {
  switch (architecture) {
    case Architecture::kLlama:
    case Architecture::kMistral:
      return hint == "llama" || hint == "mistral";
    case Architecture::kQwen2:
      return hint == "qwen2";
    case Architecture::kQwen3:
      return hint == "qwen3";
    case Architecture::kOlmo2:
      return hint == "olmo2";
    case Architecture::kGptNeox:
      return hint == "gptneox";
  }
  return false;
}

std::string hash_of_layers(const DirectionFile& file) {
  ContentHash hash;
  for (const auto& [layer, array] : file.by_layer) {
    for (const int64_t number : {layer, array.rows, array.columns})
      hash.add_number(static_cast<uint64_t>(number));
    hash.add(std::as_bytes(std::span(array.values)));
  }
  return hex(hash.value());
}

}  // namespace

int32_t SuppliedDirections::count() const {
  return static_cast<int32_t>(by_layer.empty() ? rows.size() : by_layer.begin()->second.size());
}

const UnitRows& SuppliedDirections::at(LayerIndex layer) const {
  if (by_layer.empty()) return rows;
  const auto found = by_layer.find(layer);
  assert(found != by_layer.end() && "supplied_directions was asked for this layer");
  return found->second;
}

std::string SuppliedDirections::identity() const {
  if (by_layer.empty()) return "file " + hash_of_rows(rows);
  return "file " + hash_by_layer + " by layer";
}

std::string hash_of_rows(std::span<const std::vector<double>> rows) {
  ContentHash hash;
  for (const std::vector<double>& row : rows) hash.add(std::as_bytes(std::span(row)));
  return hex(hash.value());
}

std::string array_names(const SuppliedDirections& directions) {
  std::vector<std::string> names;
  for (const auto& [layer, name] : directions.names)
    names.push_back(fmt::format("layer {}: {}", layer.value, name));
  return fmt::format("{}", fmt::join(names, ", "));
}

DirectionOrigin origin_of(const DirectionFile& file) {
  DirectionOrigin origin{.file = file.name,
                         .model_name = value_of(file, "model_name"),
                         .model_weights = value_of(file, "model_weights"),
                         .hook = value_of(file, "hook"),
                         .head = value_of(file, "head")};
  if (const auto hint = value_of(file, std::string(kModelHint))) origin.architecture = hint;
  if (!origin.hook && is_control_vector(file)) origin.hook = "resid_post";
  if (file.array)
    if (const auto name = layer_name_of(file.array->array)) origin.layer = name->layer;
  return origin;
}

SuppliedDirections supplied_directions(const DirectionFile& file, std::span<const LayerIndex> layers,
                                       int64_t width) {
  SuppliedDirections directions{.origin = origin_of(file)};
  if (file.array) {
    directions.rows = unit_rows(*file.array, width);
    return directions;
  }
  std::vector<int64_t> there;
  for (const auto& [layer, array] : file.by_layer) there.push_back(layer);
  directions.hash_by_layer = hash_of_layers(file);
  for (const LayerIndex layer : layers) {
    const auto found = file.by_layer.find(layer.value);
    if (found == file.by_layer.end())
      fail(ErrorCode::kInput, "{}: has no array for layer {}; it has layers {}", file.name, layer.value,
           fmt::join(there, ", "));
    check_same_rows(file, layers.front().value, layer.value);
    directions.by_layer[layer] = unit_rows(found->second, width);
    directions.names[layer] = found->second.name;
  }
  return directions;
}

std::vector<std::string> contradictions(const DirectionOrigin& origin, const PushedAt& at) {
  std::vector<std::string> found;
  if (at.weights && origin.model_weights) {
    if (*at.weights != *origin.model_weights)
      found.push_back(fmt::format(
          "{}: was made with the model {} (weights {}), and is pushed in {} (weights {})", origin.file,
          origin.model_name.value_or("?"), *origin.model_weights, at.model.name, *at.weights));
  } else if (origin.model_name && *origin.model_name != at.model.name) {
    found.push_back(fmt::format("{}: was made with the model {}, and is pushed in {}", origin.file,
                                *origin.model_name, at.model.name));
  }
  if (origin.architecture && !is_named(at.model.architecture, *origin.architecture))
    found.push_back(fmt::format("{}: was made for a model of the architecture {}, and is pushed in one of {}",
                                origin.file, *origin.architecture, name_of(at.model.architecture)));
  if (origin.hook && *origin.hook != name_of(at.point.hook))
    found.push_back(fmt::format("{}: was made at {}, and is pushed at {}", origin.file, *origin.hook,
                                name_of(at.point.hook)));
  if (origin.head && at.point.hook == Hook::kZ && *origin.head != std::to_string(at.point.head))
    found.push_back(fmt::format("{}: was made at head {}, and is pushed at head {}", origin.file,
                                *origin.head, at.point.head));
  std::vector<int32_t> others;
  for (const LayerIndex layer : at.layers)
    if (origin.layer && layer.value != *origin.layer) others.push_back(layer.value);
  if (!others.empty())
    found.push_back(fmt::format("{}: was made at layer {}, and is pushed at layer{} {}", origin.file,
                                *origin.layer, others.size() == 1 ? "" : "s", fmt::join(others, ", ")));
  return found;
}

}  // namespace tugline
