// The store's tables as CSV or JSON for other programs. Column names and their order are a contract
// (docs/formats.md).
#pragma once

#include <array>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tugline/report/row_writer.h"
#include "tugline/stats/curves.h"
#include "tugline/store/run_store.h"

namespace tugline {

enum class ExportTable {
  kCurves,
  kResponses,
  kRows,
  kUnits,
  kExamples,
  kDistance,
  kInterpolated,
  kCommands,
  kFailures
};

// The tables of what was measured and by which commands, by name.
inline constexpr std::array<std::pair<std::string_view, ExportTable>, 9> kExportTables{
    {{"curves", ExportTable::kCurves},
     {"distance", ExportTable::kDistance},
     {"responses", ExportTable::kResponses},
     {"rows", ExportTable::kRows},
     {"units", ExportTable::kUnits},
     {"examples", ExportTable::kExamples},
     {"interpolated", ExportTable::kInterpolated},
     {"commands", ExportTable::kCommands},
     {"failures", ExportTable::kFailures}}};

[[nodiscard]] std::span<const std::string_view> columns_of(ExportTable table);

// A row of kCurves.
[[nodiscard]] std::vector<Cell> curve_cells(const CurvePoint& point);

// Calls visit with each row of the table, one cell a column. Reads a few units at a time. Rows are
// sorted by their keys.
void for_each_row(const RunStore& store, ExportTable table,
                  const std::function<void(std::span<const Cell>)>& visit);

// A table as text, by its name: one of kExportTables, or of the stored analysis (store/analysis_names.h). The
// same run gives the same bytes. Errors: those of stored_table, for a table of the analysis.
void export_table(const RunStore& store, const std::string& name, TextFormat format, const TextSink& sink);

}  // namespace tugline
