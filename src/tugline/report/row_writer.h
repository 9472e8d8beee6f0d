// Tables as text, row by row, so that a large one is never in memory: CSV as RFC 4180 has it (lines end in
// \n), or JSON, an array of objects. Numbers are the shortest that read back to the same double; what is not
// known is empty, or null.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "tugline/core/measures.h"
#include "tugline/store/result_table.h"

namespace tugline {

enum class TextFormat { kCsv, kJson };

// Receives text as it is made. May throw; the table is then left as it is.
using TextSink = std::function<void(std::string_view)>;

[[nodiscard]] std::string shortest_text(double value);

// For a number that f32 holds: the double whose shortest text is the f32's, so that 0.1f is printed and read
// as 0.1. Other numbers are returned unchanged.
[[nodiscard]] double shortest_double(double value);
// A row's value of a measure as a cell: a float where f32 holds it.
[[nodiscard]] Cell row_cell(RowType type, double value);

// The text of rows. In JSON each begins with the comma that follows the row before it.
class RowTexts {
 public:
  // `columns` must outlive it.
  RowTexts(TextFormat format, std::span<const std::string_view> columns)
      : format_(format), columns_(columns) {}
  // Appends a row to `text`. One cell a column.
  void append(std::span<const Cell> cells, std::string& text) const;

 private:
  TextFormat format_;
  std::span<const std::string_view> columns_;
};

class RowWriter {
 public:
  // Writes the header. `columns` must outlive the writer.
  RowWriter(TextFormat format, std::span<const std::string_view> columns, TextSink sink);
  // One cell a column.
  void row(std::span<const Cell> cells);
  // Rows as RowTexts made them, on any thread, for the same format and columns.
  void rows(std::string_view text);
  // Ends the table.
  void finish();

 private:
  void flush();

  TextFormat format_;
  RowTexts texts_;
  TextSink sink_;
  std::string buffer_;
  bool any_row_ = false;
};

}  // namespace tugline
