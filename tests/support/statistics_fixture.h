// tests/fixtures/statistics.json: what SciPy, NumPy and matrix algebra say (make_statistics.py).
#pragma once

#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

namespace tugline {

inline const nlohmann::json& statistics_fixture() {
  static const nlohmann::json parsed = [] {
    std::ifstream in(std::string(TUGLINE_FIXTURES) + "/statistics.json");
    return nlohmann::json::parse(in);
  }();
  return parsed;
}

}  // namespace tugline
