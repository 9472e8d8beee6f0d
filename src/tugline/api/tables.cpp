#include "tugline/api/tables.h"

#include <fmt/format.h>

#include <cassert>
#include <limits>

#include "tugline/report/row_writer.h"

namespace tugline {
namespace {

using Whole = std::vector<int64_t>;
using Numbers = std::vector<double>;
using Texts = std::vector<std::string>;

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

bool is_missing(const Column& column, size_t row) {
  return row < column.missing.size() && column.missing[row];
}

void make_numbers(Column& column) {
  const Whole whole = std::get<Whole>(column.values);
  Numbers numbers(whole.begin(), whole.end());
  for (size_t row = 0; row < numbers.size(); ++row)
    if (is_missing(column, row)) numbers[row] = kNone;
  column.values = std::move(numbers);
}

void make_texts(Column& column) {
  Texts texts;
  if (const auto* whole = std::get_if<Whole>(&column.values))
    for (const int64_t value : *whole) texts.push_back(fmt::format("{}", value));
  if (const auto* numbers = std::get_if<Numbers>(&column.values))
    for (const double value : *numbers) texts.push_back(shortest_text(value));
  for (size_t row = 0; row < texts.size(); ++row)
    if (is_missing(column, row)) texts[row].clear();
  column.values = std::move(texts);
}

void add_missing(Column& column, size_t row) {
  column.missing.resize(row, 0);
  column.missing.push_back(1);
  if (auto* whole = std::get_if<Whole>(&column.values)) whole->push_back(0);
  if (auto* numbers = std::get_if<Numbers>(&column.values)) numbers->push_back(kNone);
  if (auto* texts = std::get_if<Texts>(&column.values)) texts->emplace_back();
}

void add_number(Column& column, double value) {
  if (std::holds_alternative<Whole>(column.values)) make_numbers(column);
  if (auto* numbers = std::get_if<Numbers>(&column.values)) {
    numbers->push_back(value);
  } else {
    std::get<Texts>(column.values).push_back(shortest_text(value));
  }
}

void add_whole(Column& column, int64_t value) {
  if (auto* whole = std::get_if<Whole>(&column.values)) {
    whole->push_back(value);
  } else if (auto* numbers = std::get_if<Numbers>(&column.values)) {
    numbers->push_back(static_cast<double>(value));
  } else {
    std::get<Texts>(column.values).push_back(fmt::format("{}", value));
  }
}

void add_cell(Column& column, const Cell& cell, size_t row) {
  if (std::holds_alternative<std::monostate>(cell)) return add_missing(column, row);
  if (const auto* text = std::get_if<std::string>(&cell)) {
    if (!std::holds_alternative<Texts>(column.values)) make_texts(column);
    std::get<Texts>(column.values).push_back(*text);
  } else if (const auto* number = std::get_if<double>(&cell)) {
    add_number(column, *number);
  } else if (const auto* narrow = std::get_if<float>(&cell)) {
    add_number(column, shortest_double(*narrow));
  } else {
    add_whole(column, std::get<int64_t>(cell));
  }
  if (!column.missing.empty()) column.missing.push_back(0);
}

}  // namespace

TableBuilder::TableBuilder(std::string name, std::vector<std::string> columns) {
  table_.name = std::move(name);
  for (std::string& column : columns)
    table_.columns.push_back({.name = std::move(column), .values = Whole()});
}

void TableBuilder::add(std::span<const Cell> cells) {
  assert(cells.size() == table_.columns.size());
  for (size_t i = 0; i < cells.size(); ++i)
    add_cell(table_.columns[i], cells[i], static_cast<size_t>(table_.rows));
  ++table_.rows;
}

Table TableBuilder::finish() { return std::move(table_); }

Table table_of(const ResultTable& rows) {
  TableBuilder table(rows.name, rows.columns);
  for (const std::vector<Cell>& row : rows.rows) table.add(row);
  return table.finish();
}

}  // namespace tugline
