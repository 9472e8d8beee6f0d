// The store's tables as CSV or JSON for other programs. Column names and their order are a contract
// (docs/formats.md).
#pragma once

#include <functional>
#include <span>
#include <string_view>

#include "tugline/report/row_writer.h"
#include "tugline/store/run_store.h"

namespace tugline {

enum class ExportTable { kCurves, kResponses, kRows, kUnits, kExamples, kDistance };

[[nodiscard]] std::span<const std::string_view> columns_of(ExportTable table);

// Calls visit with each row of the table, one cell a column. Reads one unit at a time. Rows are sorted by their keys.
void for_each_row(const RunStore& store, ExportTable table,
                  const std::function<void(std::span<const Cell>)>& visit);

// The same for the rows of some units: `table` is kResponses or kRows.
void for_each_row(const RunStore& store, ExportTable table, std::span<const UnitRecord> units,
                  const std::function<void(std::span<const Cell>)>& visit);

// The rows as text: the same run gives the same bytes.
void export_table(const RunStore& store, ExportTable table, TextFormat format, const TextSink& sink);

}  // namespace tugline
