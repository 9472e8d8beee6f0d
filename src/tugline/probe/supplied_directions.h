// A user's directions, as unit vectors for the layers of a run, and what their file says about their origin.
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

// The origin of a file of directions, by its own account; a field has no value if the file does not say.
struct DirectionOrigin {
  std::string file = {};  // its name in messages
  std::optional<std::string> model_name = {};
  std::optional<std::string> model_weights = {};  // the same hash as in a run's identity
  std::optional<std::string> architecture = {};   // llama.cpp's name
  std::optional<std::string> hook = {};
  std::optional<std::string> head = {};  // of the hook z
  std::optional<int64_t> layer = {};     // if the file gives one array
};

struct SuppliedDirections {
  UnitRows rows = {};                            // the same at every layer; empty if each layer has its own
  std::map<LayerIndex, UnitRows> by_layer = {};  // for each layer of the run, with the same number of rows
  std::map<LayerIndex, std::string> names = {};  // of the file's arrays, likewise
  std::string hash_by_layer = {};  // of the values of all the file's layers, if each has its own
  DirectionOrigin origin = {};

  [[nodiscard]] bool empty() const { return rows.empty() && by_layer.empty(); }
  [[nodiscard]] int32_t count() const;
  // The directions of one layer of the run.
  [[nodiscard]] const UnitRows& at(LayerIndex layer) const;
  // For a run's identity: "file", a hash of the exact values, and "by layer" if each layer has its own. Not
  // empty. It does not depend on the run's layers, so that a run can grow by layers.
  [[nodiscard]] std::string identity() const;
};

// A hash of the exact values of rows of numbers: 16 hexadecimal digits.
[[nodiscard]] std::string hash_of_rows(std::span<const std::vector<double>> rows);

// "layer 20: v.safetensors:global.layer20, layer 21: ...", for directions by layer.
[[nodiscard]] std::string array_names(const SuppliedDirections& directions);

[[nodiscard]] DirectionOrigin origin_of(const DirectionFile& file);

// The file's directions for `layers`. Errors (kInput): those of unit_rows; a layer without an array; layers
// with different numbers of rows, or whose rows belong to different chunks by the metadata.
[[nodiscard]] SuppliedDirections supplied_directions(const DirectionFile& file,
                                                     std::span<const LayerIndex> layers, int64_t hidden);

// Where directions are pushed.
struct PushedAt {
  const ModelConfig& model;
  std::optional<std::string> weights = {};  // their hash, if they are loaded
  SitePoint point;
  std::span<const LayerIndex> layers = {};
};

// One sentence for each of model, hook and layer in which a file's origin differs from where its directions
// are pushed.
[[nodiscard]] std::vector<std::string> contradictions(const DirectionOrigin& origin, const PushedAt& at);

}  // namespace tugline
