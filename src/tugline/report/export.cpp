#include "tugline/report/export.h"

#include <array>
#include <cassert>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tugline/report/commands.h"
#include "tugline/report/distance_curves.h"
#include "tugline/report/interpolated.h"
#include "tugline/report/push_columns.h"
#include "tugline/report/run_view.h"
#include "tugline/report/stored_analysis.h"
#include "tugline/store/unit_readers.h"

namespace tugline {
namespace {

constexpr std::array<std::string_view, 11> kCurveColumns = {
    "span_kind", "layer", "epsilon",    "epsilon_relative", "kl", "standard_error", "ci_low",
    "ci_high",   "spans", "directions", "null_direction"};

constexpr std::array<std::string_view, 11> kDistanceColumns = {
    "span_kind", "layer", "epsilon",    "distance",      "kl", "standard_error", "ci_low",
    "ci_high",   "spans", "directions", "null_direction"};

// KL's disagreement has its place from the time before the others had any; those come last.
const std::vector<std::string>& unit_columns() {
  static const std::vector<std::string> columns = [] {
    std::vector<std::string> all{"example",  "span_kind",          "chunk", "layer",        "span_begin",
                                 "span_end", "position",           "rms",   "readout_rows", "seconds",
                                 "audited",  "audit_disagreement", "note",  "span_text",    "sink"};
    for (size_t m = 0; m < kMeasures.size(); ++m)
      if (m != kKl) all.push_back(kMeasures[m].audit_column());
    return all;
  }();
  return columns;
}

std::span<const std::string_view> names_of_unit_columns() {
  static const std::vector<std::string_view> names(unit_columns().begin(), unit_columns().end());
  return names;
}

constexpr std::array<std::string_view, 6> kExampleColumns = {"example", "content_hash", "tokens",
                                                             "skipped", "prompt",       "id"};

constexpr std::array<std::string_view, 8> kFailureColumns = {"example",    "span_kind", "chunk",   "layer",
                                                             "span_begin", "span_end",  "command", "reason"};

using RowVisitor = std::function<void(std::span<const Cell>)>;

void visit_curves(const RunStore& store, const RowVisitor& visit) {
  for (const CurvePoint& point : view_of(store).curves) visit(curve_cells(point));
}

void visit_distance(const RunStore& store, const RowVisitor& visit) {
  for_each_distance_curve(store, "", [&](const std::vector<DistancePoint>& points) {
    for (const auto& [distance, last_distance, point] : points)
      visit(std::vector<Cell>{point.span_kind, int64_t{point.layer}, point.epsilon, distance, point.kl.mean,
                              cell_of(point.kl.standard_error), cell_of(point.kl.ci_low),
                              cell_of(point.kl.ci_high), point.spans, point.directions,
                              int64_t{point.set == DirectionSet::kNull ? 1 : 0}});
  });
}

// A unit's rows of the tables that have one for each push, or for each row of a push.
class PushRows {
 public:
  PushRows(const RunStore& store, ExportTable table) : table_(table) {
    if (table == ExportTable::kRows) pieces_ = store.tokens();
  }
  [[nodiscard]] RowValues values() const {
    return table_ == ExportTable::kRows ? RowValues::kRead : RowValues::kSkip;
  }
  void visit(const UnitRecord& unit, const std::vector<ResponseRecord>& responses,
             const RowVisitor& visit) const {
    for (const ResponseRecord& response : responses) {
      if (table_ == ExportTable::kResponses)
        visit(cells_of(response_columns(), {unit, response}));
      else
        for (size_t i = 0; i < unit.measured.rows.size(); ++i)
          visit(cells_of(row_columns(), {unit, response, i, &pieces_}));
    }
  }

 private:
  ExportTable table_;
  std::map<int32_t, std::string> pieces_ = {};
};

void visit_pushes(const RunStore& store, ExportTable table, const RowVisitor& visit) {
  const PushRows rows(store, table);
  for_each_unit(store, store.units(), rows.values(),
                [&](const UnitRecord& unit, const std::vector<ResponseRecord>& responses) {
                  rows.visit(unit, responses, visit);
                });
}

// A large run has millions of them, so that all threads make their text.
void write_pushes(const RunStore& store, ExportTable table, TextFormat format, RowWriter& writer) {
  const PushRows rows(store, table);
  const RowTexts texts(format, columns_of(table));
  for_each_text(
      store, store.units(), rows.values(),
      [&](const UnitRecord& unit, const std::vector<ResponseRecord>& responses) {
        std::string text;
        rows.visit(unit, responses, [&](std::span<const Cell> cells) { texts.append(cells, text); });
        return text;
      },
      [&](const std::string& text) { writer.rows(text); });
}

void visit_units(const RunStore& store, const RowVisitor& visit) {
  for (const UnitRecord& unit : store.units()) {
    const UnitMeasurement& measured = unit.measured;
    std::vector<Cell> cells{
        unit.key.example,        unit.key.span_kind, unit.key.chunk,
        int64_t{unit.key.layer}, unit.span.begin,    unit.span.end,
        measured.position,       measured.rms,       static_cast<int64_t>(measured.rows.size()),
        measured.seconds,        unit.audit.pushes,  cell_of(unit.audit.disagreements[kKl]),
        measured.note,           unit.span_text,     int64_t{unit.sink ? 1 : 0}};
    for (size_t m = 0; m < kMeasures.size(); ++m)
      if (m != kKl) cells.push_back(cell_of(unit.audit.disagreements[m]));
    visit(cells);
  }
}

void visit_examples(const RunStore& store, const RowVisitor& visit) {
  for (const ExampleRecord& example : store.examples()) {
    visit(std::vector<Cell>{example.example, example.content_hash, example.tokens, example.skipped,
                            example.prompt, example.id});
  }
}

void visit_failures(const RunStore& store, const RowVisitor& visit) {
  for (const FailedUnit& failed : store.failures())
    visit(std::vector<Cell>{failed.key.example, failed.key.span_kind, failed.key.chunk,
                            int64_t{failed.key.layer}, failed.span.begin, failed.span.end, failed.session,
                            failed.reason});
}

void visit_commands(const RunStore& store, const RowVisitor& visit) {
  for (const CommandRow& command : commands_of(store)) visit(cells_of(command));
}

}  // namespace

std::vector<Cell> curve_cells(const CurvePoint& point) {
  return {point.span_kind,
          int64_t{point.layer},
          point.epsilon,
          cell_of(point.epsilon_relative),
          point.kl.mean,
          cell_of(point.kl.standard_error),
          cell_of(point.kl.ci_low),
          cell_of(point.kl.ci_high),
          point.spans,
          point.directions,
          int64_t{point.set == DirectionSet::kNull ? 1 : 0}};
}

std::span<const std::string_view> columns_of(ExportTable table) {
  switch (table) {
    case ExportTable::kCurves:
      return kCurveColumns;
    case ExportTable::kResponses:
      return names_of_response_columns();
    case ExportTable::kRows:
      return names_of_row_columns();
    case ExportTable::kUnits:
      return names_of_unit_columns();
    case ExportTable::kExamples:
      return kExampleColumns;
    case ExportTable::kDistance:
      return kDistanceColumns;
    case ExportTable::kInterpolated:
      return kInterpolatedColumns;
    case ExportTable::kCommands:
      return kCommandColumns;
    case ExportTable::kFailures:
      return kFailureColumns;
  }
  return {};
}

void for_each_row(const RunStore& store, ExportTable table, const RowVisitor& visit) {
  switch (table) {
    case ExportTable::kCurves:
      return visit_curves(store, visit);
    case ExportTable::kResponses:
    case ExportTable::kRows:
      return visit_pushes(store, table, visit);
    case ExportTable::kUnits:
      return visit_units(store, visit);
    case ExportTable::kExamples:
      return visit_examples(store, visit);
    case ExportTable::kDistance:
      return visit_distance(store, visit);
    case ExportTable::kInterpolated:
      return for_each_interpolated(store, visit);
    case ExportTable::kCommands:
      return visit_commands(store, visit);
    case ExportTable::kFailures:
      return visit_failures(store, visit);
  }
}

void export_table(const RunStore& store, const std::string& name, TextFormat format, const TextSink& sink) {
  for (const auto& [known, table] : kExportTables) {
    if (name != known) continue;
    RowWriter writer(format, columns_of(table), sink);
    if (table == ExportTable::kResponses || table == ExportTable::kRows)
      write_pushes(store, table, format, writer);
    else
      for_each_row(store, table, [&writer](std::span<const Cell> cells) { writer.row(cells); });
    writer.finish();
    return;
  }
  const ResultTable table = stored_table(store, name);
  const std::vector<std::string_view> columns(table.columns.begin(), table.columns.end());
  RowWriter writer(format, columns, sink);
  for (const std::vector<Cell>& row : table.rows) writer.row(row);
  writer.finish();
}

}  // namespace tugline
