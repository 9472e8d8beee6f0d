#include "tugline/report/export.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <optional>
#include <vector>

#include "tugline/report/distance_curves.h"
#include "tugline/report/run_view.h"

namespace tugline {
namespace {

constexpr std::array<std::string_view, 11> kCurveColumns = {
    "span_kind", "layer", "epsilon",    "epsilon_relative", "kl", "standard_error", "ci_low",
    "ci_high",   "spans", "directions", "null_direction"};

constexpr std::array<std::string_view, 11> kDistanceColumns = {
    "span_kind", "layer", "epsilon",    "distance",      "kl", "standard_error", "ci_low",
    "ci_high",   "spans", "directions", "null_direction"};

// What `responses` and `rows` begin with.
constexpr std::array<std::string_view, 12> kPushColumns = {
    "example", "span_kind", "chunk",      "layer", "position",   "direction",
    "epsilon", "kl",        "kl_reverse", "js",    "top1_flips", "delta_logprob"};

template <size_t n>
constexpr std::array<std::string_view, kPushColumns.size() + n> after_push_columns(
    const std::string_view (&own)[n]) {
  std::array<std::string_view, kPushColumns.size() + n> columns;
  std::copy(std::begin(own), std::end(own),
            std::copy(kPushColumns.begin(), kPushColumns.end(), columns.begin()));
  return columns;
}

// A later version's columns come last in both tables.
constexpr auto kResponseColumns =
    after_push_columns({"kl_standard_error", "total_variation", "entropy_change", "kl_own_row", "kl_after",
                        "cosine", "null_direction"});
constexpr auto kRowColumns = after_push_columns(
    {"row", "token", "kl_standard_error", "cosine", "null_direction", "total_variation", "entropy_change"});

constexpr std::array<std::string_view, 15> kUnitColumns = {
    "example",  "span_kind",          "chunk", "layer",        "span_begin",
    "span_end", "position",           "rms",   "readout_rows", "seconds",
    "audited",  "audit_disagreement", "note",  "span_text",    "sink"};

constexpr std::array<std::string_view, 6> kExampleColumns = {"example", "content_hash", "tokens",
                                                             "skipped", "prompt",       "id"};

using RowVisitor = std::function<void(std::span<const Cell>)>;

Cell null_cell(DirectionSet set) { return int64_t{set == DirectionSet::kNull ? 1 : 0}; }

void visit_curves(const RunStore& store, const RowVisitor& visit) {
  for (const CurvePoint& point : view_of(store).curves) {
    visit(std::vector<Cell>{
        point.span_kind, int64_t{point.layer}, point.epsilon, cell_of(point.epsilon_relative), point.kl.mean,
        cell_of(point.kl.standard_error), cell_of(point.kl.ci_low), cell_of(point.kl.ci_high), point.spans,
        point.directions, null_cell(point.set)});
  }
}

void visit_distance(const RunStore& store, const RowVisitor& visit) {
  for_each_distance_curve(store, "", [&](const std::vector<DistancePoint>& points) {
    for (const auto& [distance, point] : points)
      visit(std::vector<Cell>{point.span_kind, int64_t{point.layer}, point.epsilon, distance,
                                   point.kl.mean, cell_of(point.kl.standard_error), cell_of(point.kl.ci_low),
                                   cell_of(point.kl.ci_high), point.spans, point.directions,
                                   null_cell(point.set)});
  });
}

// A whole row of the table `responses`.
std::vector<Cell> response_cells(const UnitRecord& unit, const ResponseRecord& response) {
  return {unit.key.example,
          unit.key.span_kind,
          unit.key.chunk,
          int64_t{unit.key.layer},
          unit.position,
          int64_t{response.direction},
          response.epsilon,
          response.kl,
          response.kl_reverse,
          response.js,
          response.top1_flips,
          cell_of(response.delta_logprob),
          cell_of(response.kl_standard_error),
          response.total_variation,
          response.entropy_change,
          cell_of(response.kl_own_row),
          cell_of(response.kl_after),
          cell_of(response.cosine),
          null_cell(response.set)};
}

void visit_responses(const RunStore& store, const RowVisitor& visit) {
  for (const UnitRecord& unit : store.units())
    for (const ResponseRecord& response : store.responses(unit.key))
      visit(response_cells(unit, response));
}

// A whole row of the table `rows`.
std::vector<Cell> row_cells(const UnitRecord& unit, const ResponseRecord& response, size_t i) {
  const RowMeasures& measures = response.by_row;
  const bool has_token = unit.row_tokens[i] >= 0;  // the transcript's last row has none
  return {unit.key.example,
          unit.key.span_kind,
          unit.key.chunk,
          int64_t{unit.key.layer},
          unit.position,
          int64_t{response.direction},
          response.epsilon,
          response.kl_rows[i],
          double_of_shortest_text(measures.kl_reverse[i]),
          double_of_shortest_text(measures.js[i]),
          int64_t{measures.top1_flip[i]},
          has_token ? Cell(double_of_shortest_text(measures.delta_logprob[i])) : Cell(),
          unit.rows[i],
          has_token ? Cell(int64_t{unit.row_tokens[i]}) : Cell(),
          response.kl_standard_error ? Cell(response.kl_rows_standard_error[i]) : Cell(),
          cell_of(response.cosine),
          null_cell(response.set),
          double_of_shortest_text(measures.total_variation[i]),
          double_of_shortest_text(measures.entropy_change[i])};
}

void visit_rows(const RunStore& store, const RowVisitor& visit) {
  for (const UnitRecord& unit : store.units())
    for (const ResponseRecord& response : store.responses(unit.key))
      for (size_t i = 0; i < response.kl_rows.size() && i < unit.rows.size(); ++i)
        visit(row_cells(unit, response, i));
}

void visit_units(const RunStore& store, const RowVisitor& visit) {
  for (const UnitRecord& unit : store.units()) {
    visit(std::vector<Cell>{unit.key.example, unit.key.span_kind, unit.key.chunk,
                                 int64_t{unit.key.layer}, unit.span.begin, unit.span.end, unit.position,
                                 unit.rms, static_cast<int64_t>(unit.rows.size()), unit.seconds, unit.audited,
                                 cell_of(unit.audit_disagreement), unit.note, unit.span_text,
                                 int64_t{unit.sink ? 1 : 0}});
  }
}

void visit_examples(const RunStore& store, const RowVisitor& visit) {
  for (const ExampleRecord& example : store.examples()) {
    visit(std::vector<Cell>{example.example, example.content_hash, example.tokens, example.skipped,
                                 example.prompt, example.id});
  }
}

}  // namespace

std::span<const std::string_view> columns_of(ExportTable table) {
  switch (table) {
    case ExportTable::kCurves:
      return kCurveColumns;
    case ExportTable::kResponses:
      return kResponseColumns;
    case ExportTable::kRows:
      return kRowColumns;
    case ExportTable::kUnits:
      return kUnitColumns;
    case ExportTable::kExamples:
      return kExampleColumns;
    case ExportTable::kDistance:
      return kDistanceColumns;
  }
  return {};
}

void for_each_row(const RunStore& store, ExportTable table, const RowVisitor& visit) {
  switch (table) {
    case ExportTable::kCurves:
      return visit_curves(store, visit);
    case ExportTable::kResponses:
      return visit_responses(store, visit);
    case ExportTable::kRows:
      return visit_rows(store, visit);
    case ExportTable::kUnits:
      return visit_units(store, visit);
    case ExportTable::kExamples:
      return visit_examples(store, visit);
    case ExportTable::kDistance:
      return visit_distance(store, visit);
  }
}

void export_table(const RunStore& store, ExportTable table, TextFormat format, const TextSink& sink) {
  RowWriter writer(format, columns_of(table), sink);
  for_each_row(store, table, [&writer](std::span<const Cell> cells) { writer.row(cells); });
  writer.finish();
}

}  // namespace tugline
