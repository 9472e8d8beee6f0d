#include "tugline/report/push_columns.h"

#include <algorithm>
#include <array>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "tugline/core/measures.h"
#include "tugline/report/row_writer.h"

namespace tugline {
namespace {

using Cells = std::map<std::string, std::function<Cell(const PushRow&)>, std::less<>>;

bool has_next_token(const PushRow& at) { return at.unit.measured.row_tokens[at.row] >= 0; }

// What both tables have besides the measures.
Cells push_cells() {
  return {
      {"example", [](const PushRow& at) -> Cell { return at.unit.key.example; }},
      {"span_kind", [](const PushRow& at) -> Cell { return at.unit.key.span_kind; }},
      {"chunk", [](const PushRow& at) -> Cell { return at.unit.key.chunk; }},
      {"layer", [](const PushRow& at) -> Cell { return int64_t{at.unit.key.layer}; }},
      {"position", [](const PushRow& at) -> Cell { return at.unit.measured.position; }},
      {"direction", [](const PushRow& at) -> Cell { return int64_t{at.response.direction}; }},
      {"epsilon", [](const PushRow& at) -> Cell { return at.response.epsilon; }},
      {"cosine", [](const PushRow& at) { return cell_of(at.response.cosine); }},
      {"null_direction",
       [](const PushRow& at) -> Cell { return int64_t{at.response.set == DirectionSet::kNull ? 1 : 0}; }},
  };
}

Cells cells_of_responses() {
  Cells cells = push_cells();
  cells["kl_standard_error"] = [](const PushRow& at) { return cell_of(at.response.kl_standard_error); };
  cells["kl_own_row"] = [](const PushRow& at) { return cell_of(at.response.kl_own_row); };
  cells["kl_after"] = [](const PushRow& at) { return cell_of(at.response.kl_after); };
  for (size_t m = 0; m < kMeasures.size(); ++m)
    if (kMeasures[m].has_mean())
      cells[std::string(kMeasures[m].name)] = [m](const PushRow& at) {
        return cell_of(at.response.means[m]);
      };
  return cells;
}

constexpr std::array kListColumns{"_tokens", "_pieces", "_changes"};

// A row's list, token by token: value_of(token, change). JSON, as text; empty if the run does not keep the
// list.
template <typename ValueOf>
Cell list_cell(const PushRow& at, size_t m, ValueOf value_of) {
  const std::vector<double>& numbers = at.response.rows[m];
  if (numbers.empty()) return {};
  const size_t each = numbers.size() / at.unit.measured.rows.size();
  nlohmann::json list = nlohmann::json::array();
  for (size_t i = at.row * each; i < (at.row + 1) * each; i += 2)
    if (const auto token = static_cast<int32_t>(numbers[i]); token >= 0)
      list.push_back(value_of(token, numbers[i + 1]));
  return list.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

void add_lists(size_t m, Cells& cells) {
  const std::string name(kMeasures[m].name);
  cells[name + kListColumns[0]] = [m](const PushRow& at) {
    return list_cell(at, m, [](int32_t token, double) { return token; });
  };
  cells[name + kListColumns[1]] = [m](const PushRow& at) {
    return list_cell(at, m, [&](int32_t token, double) {
      const auto piece = at.pieces->find(token);
      return piece == at.pieces->end() ? std::string() : piece->second;
    });
  };
  cells[name + kListColumns[2]] = [m](const PushRow& at) {
    return list_cell(at, m, [](int32_t, double change) { return shortest_double(change); });
  };
}

Cells cells_of_rows() {
  Cells cells = push_cells();
  cells["row"] = [](const PushRow& at) -> Cell { return at.unit.measured.rows[at.row]; };
  cells["token"] = [](const PushRow& at) -> Cell {
    if (!has_next_token(at)) return {};
    return int64_t{at.unit.measured.row_tokens[at.row]};
  };
  cells["kl_standard_error"] = [](const PushRow& at) -> Cell {
    if (!at.response.kl_standard_error) return {};
    return at.response.kl_rows_standard_error[at.row];
  };
  for (size_t m = 0; m < kMeasures.size(); ++m) {
    if (!kMeasures[m].has_mean()) {
      add_lists(m, cells);
      continue;
    }
    cells[std::string(kMeasures[m].name)] = [m](const PushRow& at) -> Cell {
      const std::vector<double>& values = at.response.rows[m];
      if (values.empty()) return {};
      if (kMeasures[m].rows == RowsWithValue::kWithNextToken && !has_next_token(at)) return {};
      return row_cell(kMeasures[m].type, values[at.row]);
    };
  }
  return cells;
}

// The columns of `order`, then the measures that are not among them, in the table's order.
std::vector<PushColumn> in_order(std::vector<std::string> order, const Cells& cells) {
  for (const Measure& measure : kMeasures) {
    std::vector<std::string> names{std::string(measure.name)};
    if (!measure.has_mean()) {
      names.clear();
      for (const char* column : kListColumns) names.push_back(std::string(measure.name) + column);
    }
    for (const std::string& name : names)
      if (cells.contains(name) && std::find(order.begin(), order.end(), name) == order.end())
        order.push_back(name);
  }
  std::vector<PushColumn> columns;
  for (const std::string& name : order) columns.push_back({name, cells.at(name)});
  return columns;
}

std::vector<std::string_view> names_of(const std::vector<PushColumn>& columns) {
  std::vector<std::string_view> names;
  for (const PushColumn& column : columns) names.emplace_back(column.name);
  return names;
}

}  // namespace

const std::vector<PushColumn>& response_columns() {
  static const std::vector<PushColumn> columns =
      in_order({"example", "span_kind", "chunk", "layer", "position", "direction", "epsilon", "kl",
                "kl_reverse", "js", "top1_flips", "delta_logprob", "kl_standard_error", "total_variation",
                "entropy_change", "kl_own_row", "kl_after", "cosine", "null_direction"},
               cells_of_responses());
  return columns;
}

const std::vector<PushColumn>& row_columns() {
  static const std::vector<PushColumn> columns =
      in_order({"example", "span_kind", "chunk", "layer", "position", "direction", "epsilon", "kl",
                "kl_reverse", "js", "top1_flips", "delta_logprob", "row", "token", "kl_standard_error",
                "cosine", "null_direction", "total_variation", "entropy_change"},
               cells_of_rows());
  return columns;
}

std::vector<Cell> cells_of(const std::vector<PushColumn>& columns, const PushRow& row) {
  std::vector<Cell> cells;
  cells.reserve(columns.size());
  for (const PushColumn& column : columns) cells.push_back(column.cell(row));
  return cells;
}

std::span<const std::string_view> names_of_response_columns() {
  static const std::vector<std::string_view> names = names_of(response_columns());
  return names;
}

std::span<const std::string_view> names_of_row_columns() {
  static const std::vector<std::string_view> names = names_of(row_columns());
  return names;
}

}  // namespace tugline
