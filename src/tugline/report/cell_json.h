// A cell of a table as JSON.
#pragma once

#include <nlohmann/json.hpp>
#include <type_traits>
#include <variant>

#include "tugline/report/row_writer.h"
#include "tugline/store/result_table.h"

namespace tugline {

// null if the value is not known. A number that is not finite is printed as null.
[[nodiscard]] inline nlohmann::ordered_json json_of(const Cell& cell) {
  return std::visit(
      [](const auto& value) -> nlohmann::ordered_json {
        if constexpr (std::is_same_v<std::decay_t<decltype(value)>, std::monostate>)
          return nullptr;
        else if constexpr (std::is_same_v<std::decay_t<decltype(value)>, float>)
          return shortest_double(value);
        else
          return value;
      },
      cell);
}

}  // namespace tugline
