// Directions that a user brings, as unit vectors for the layers of a run, and what their file says of where they come from.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "tugline/core/ids.h"
#include "tugline/files/direction_file.h"
#include "tugline/model/config.h"
#include "tugline/model/site.h"

namespace tugline {

using UnitRows = std::vector<std::vector<double>>;  // each [hidden], of length 1

// Where a file of directions says that it was made; nothing where it does not say.
struct DirectionOrigin {
  std::string file = {};  // as messages call it
  std::optional<std::string> model_name = {};
  std::optional<std::string> model_weights = {};  // as a run's identity has their hash
  std::optional<std::string> architecture = {};   // as llama.cpp names it
  std::optional<std::string> hook = {};
  std::optional<int64_t> layer = {};  // of a file that gives one array
};

struct SuppliedDirections {
  UnitRows rows = {};  // the same at every layer; empty where each layer has its own
  std::map<LayerIndex, UnitRows> by_layer = {};  // for each layer of the run, as many rows at each
  std::map<LayerIndex, std::string> names = {};  // of the file's arrays, likewise
  DirectionOrigin origin = {};

  [[nodiscard]] bool empty() const { return rows.empty() && by_layer.empty(); }
  [[nodiscard]] int32_t count() const;
  // Those of a layer of the run.
  [[nodiscard]] const UnitRows& at(LayerIndex layer) const;
  // "file", a hash to the bit, and "by layer" where each layer has its own: for a run's identity. Not empty.
  [[nodiscard]] std::string identity() const;
};

// A hash of rows of numbers, to the bit: 16 hexadecimal digits.
[[nodiscard]] std::string hash_of_rows(std::span<const std::vector<double>> rows);

// "layer 20: v.safetensors:global.layer20, layer 21: ..." of directions by layer.
[[nodiscard]] std::string array_names(const SuppliedDirections& directions);

[[nodiscard]] DirectionOrigin origin_of(const DirectionFile& file);

// The file's directions for `layers`. Errors (kInput): what unit_rows refuses; a layer that a file by layer lacks; layers with other numbers
// of rows, or whose rows its metadata say to be of other chunks.
[[nodiscard]] SuppliedDirections supplied_directions(const DirectionFile& file,
                                                     std::span<const LayerIndex> layers, int64_t hidden);

// Where directions are pushed.
struct PushedAt {
  const ModelConfig& model;
  std::optional<std::string> weights = {};  // their hash, where they are loaded
  Hook hook = Hook::kResidPost;
  std::span<const LayerIndex> layers = {};
};

// One sentence for each of model, hook and layer in which what a file says of itself is not where its directions are pushed.
[[nodiscard]] std::vector<std::string> contradictions(const DirectionOrigin& origin, const PushedAt& at);

}  // namespace tugline
