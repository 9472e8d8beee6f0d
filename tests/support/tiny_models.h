// The tiny random models of tests/fixtures/models (make_tiny_models.py) and what transformers computes with
// them.
#pragma once

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "tugline/backend/backend.h"
#include "tugline/model/model.h"

namespace tugline::test {

inline std::filesystem::path tiny_path(std::string_view name) {
  return std::filesystem::path(TUGLINE_FIXTURES) / "models" / name;
}

inline nlohmann::json read_json(const std::filesystem::path& path) {
  std::ifstream file(path);
  return nlohmann::json::parse(file);
}

// `name`: a folder or a file of tests/fixtures/models: "llama", "llama.gguf".
inline Model load_tiny(std::string_view name, Backend& backend) {
  return Model::load(resolve_model(tiny_path(name).string()), backend);
}

struct Expected {
  std::vector<int32_t> ids;
  std::vector<std::vector<double>> logits;  // [ids][vocabulary], float64
};

inline Expected expected_logits(std::string_view folder) {
  const nlohmann::json json = read_json(tiny_path(folder) / "expected.json");
  return {json.at("ids").get<std::vector<int32_t>>(),
          json.at("logits").get<std::vector<std::vector<double>>>()};
}

}  // namespace tugline::test
