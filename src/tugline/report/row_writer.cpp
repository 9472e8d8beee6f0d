#include "tugline/report/row_writer.h"

#include <array>
#include <cassert>
#include <charconv>
#include <cmath>
#include <concepts>
#include <nlohmann/json.hpp>
#include <utility>

namespace tugline {
namespace {

constexpr size_t kFlushBytes = 1 << 16;

std::string csv_text(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) {
    return text;
  }
  std::string quoted(1, '"');
  for (const char c : text) {
    quoted.append(c == '"' ? 2 : 1, c);
  }
  quoted.push_back('"');
  return quoted;
}

std::string json_text(const std::string& text) {
  using nlohmann::json;
  return json(text).dump(-1, ' ', false, json::error_handler_t::replace);
}

// A large run's rows have more than a hundred million numbers: none becomes a string of its own.
template <typename Number>
void append_number(Number value, std::string& out) {
  std::array<char, 32> text{};
  const auto [end, error] = std::to_chars(text.data(), text.data() + text.size(), value);
  assert(error == std::errc{});
  out.append(text.data(), end);
}

// Both append a cell's text. Neither form has a number that is not finite.
struct CsvText {
  std::string& out;
  void operator()(std::monostate) const {}
  void operator()(int64_t value) const { append_number(value, out); }
  template <std::floating_point Number>
  void operator()(Number value) const {
    if (std::isfinite(value)) append_number(value, out);
  }
  void operator()(const std::string& value) const { out += csv_text(value); }
};

struct JsonText {
  std::string& out;
  void operator()(std::monostate) const { out += "null"; }
  void operator()(int64_t value) const { append_number(value, out); }
  template <std::floating_point Number>
  void operator()(Number value) const {
    if (!std::isfinite(value)) return void(out += "null");
    append_number(value, out);
  }
  void operator()(const std::string& value) const { out += json_text(value); }
};

}  // namespace

std::string shortest_text(double value) {
  std::string text;
  append_number(value, text);
  return text;
}

double shortest_double(double value) {
  if (!is_f32(value)) return value;
  std::array<char, 32> text{};
  const char* end = std::to_chars(text.data(), text.data() + text.size(), static_cast<float>(value)).ptr;
  double wide = 0;
  std::from_chars(text.data(), end, wide);
  return wide;
}

Cell row_cell(RowType type, double value) {
  if (type == RowType::kFlag) return static_cast<int64_t>(value);
  if (is_f32(value)) return static_cast<float>(value);
  return value;
}

void RowTexts::append(std::span<const Cell> cells, std::string& text) const {
  assert(cells.size() == columns_.size());
  if (format_ == TextFormat::kCsv) {
    for (size_t i = 0; i < cells.size(); ++i) {
      text += i == 0 ? "" : ",";
      std::visit(CsvText{text}, cells[i]);
    }
    text += '\n';
    return;
  }
  text += ",\n {";
  for (size_t i = 0; i < cells.size(); ++i) {
    text += i == 0 ? "\"" : ", \"";
    text += columns_[i];
    text += "\": ";
    std::visit(JsonText{text}, cells[i]);
  }
  text += '}';
}

RowWriter::RowWriter(TextFormat format, std::span<const std::string_view> columns, TextSink sink)
    : format_(format), texts_(format, columns), sink_(std::move(sink)) {
  if (format_ == TextFormat::kJson) {
    buffer_.push_back('[');
    return;
  }
  for (size_t i = 0; i < columns.size(); ++i) {
    buffer_ += i == 0 ? "" : ",";
    buffer_ += columns[i];
  }
  buffer_ += '\n';
}

void RowWriter::row(std::span<const Cell> cells) {
  std::string text;
  texts_.append(cells, text);
  rows(text);
}

void RowWriter::rows(std::string_view text) {
  if (text.empty()) return;
  // The first row follows none.
  buffer_ += format_ == TextFormat::kJson && !any_row_ ? text.substr(1) : text;
  any_row_ = true;
  if (buffer_.size() >= kFlushBytes) {
    flush();
  }
}

void RowWriter::finish() {
  if (format_ == TextFormat::kJson) {
    buffer_ += any_row_ ? "\n]\n" : "]\n";
  }
  flush();
}

void RowWriter::flush() {
  sink_(buffer_);
  buffer_.clear();
}

}  // namespace tugline
