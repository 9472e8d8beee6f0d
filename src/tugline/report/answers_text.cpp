#include "tugline/report/answers_text.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <set>

#include "tugline/core/plural.h"
#include "tugline/report/analysis_tables.h"
#include "tugline/report/answer_sentences.h"
#include "tugline/report/stored_analysis.h"
#include "tugline/report/text_columns.h"
#include "tugline/stats/largest_epsilon.h"

namespace tugline {
namespace {

constexpr size_t kWidth = 100;
using Lines = std::vector<std::vector<std::string>>;

std::string header(const Analysis& a) {
  std::set<std::string> kinds;
  for (const SpreadPoint& point : a.spread) kinds.insert(point.span_kind);
  std::string text =
      fmt::format("{}, {} at epsilon {:g}{}.", counted(a.spans, "complete span"), a.measure.label, a.epsilon,
                  a.epsilon == largest_epsilon(a.epsilons) && a.epsilons.size() > 1 ? ", the largest" : "");
  if (a.incomplete_spans > 0) text += fmt::format(" {} incomplete and left out.", a.incomplete_spans);
  if (a.spans_at_sinks > 0)
    text += fmt::format(" {} at sink tokens left out.", counted(a.spans_at_sinks, "control"));
  if (a.spans_without_measure > 0)
    text += fmt::format(" {} without that measure left out.", counted(a.spans_without_measure, "span"));
  if (!a.epsilons_left_out.empty())
    text +=
        fmt::format(" Not at every layer, and left out: epsilon {}.", fmt::join(a.epsilons_left_out, ", "));
  if (a.directions_left_out > 0)
    text += fmt::format(" {} not at every layer left out.", counted(a.directions_left_out, "direction"));
  text += fmt::format(
      " Brackets hold 95 % t intervals, and p-values are by the same t; neither is adjusted for the number "
      "of "
      "layers and kinds. An interval of an epsilon is by bootstrap ({} resamples).\n",
      a.options.resamples);
  const std::string few = note_of_few_examples(a);
  return few.empty() ? text : text + few + '\n';
}

// Layers of which there is room for `most`: all, or evenly spaced ones with the first and the last.
std::vector<int64_t> shown_layers(const std::vector<int64_t>& layers, size_t most) {
  if (layers.size() <= most) return layers;
  std::vector<int64_t> shown;
  for (size_t i = 0; i < most; ++i) shown.push_back(layers[i * (layers.size() - 1) / (most - 1)]);
  return shown;
}

// "0.468*": the ratio, or without one the difference, with a star if the interval leaves no difference out.
std::string contrast_cell(const ResultTable& table, const std::vector<Cell>& row) {
  const auto number = [&](const char* name) { return number_of(row[column_of(table, name)]); };
  const std::optional<double> ratio = number("ratio");
  const std::optional<double> p = number("p_value");
  return fmt::format("{}{}", short_number(ratio ? *ratio : number("difference").value_or(0)),
                     p && *p <= 1 - kConfidence ? "*" : " ");
}

// Kinds by layers, if there are two layers or more.
std::string contrast_matrix(const ResultTable& table) {
  constexpr size_t kCell = 12;
  constexpr size_t kMostLayers = (kWidth - 24) / kCell + 2;
  const size_t kind = column_of(table, "against_span_kind");
  const size_t layer = column_of(table, "layer");
  std::vector<std::string> kinds;
  std::set<int64_t> layers;
  std::map<std::pair<std::string, int64_t>, std::string> cells;
  bool has_ratio = false;
  for (const auto& row : table.rows) {
    const std::string& name = std::get<std::string>(row[kind]);
    const int64_t place = std::get<int64_t>(row[layer]);
    if (std::ranges::find(kinds, name) == kinds.end()) kinds.push_back(name);
    layers.insert(place);
    has_ratio = has_ratio || number_of(row[column_of(table, "ratio")]).has_value();
    cells[{name, place}] = contrast_cell(table, row);
  }
  if (layers.size() < 2) return "";
  const std::vector<int64_t> shown = shown_layers({layers.begin(), layers.end()}, kMostLayers);
  Lines lines{{has_ratio ? "anchor / other" : "anchor - other"}};
  for (const int64_t place : shown) lines[0].push_back(fmt::format("layer {} ", place));
  for (const std::string& name : kinds) {
    lines.push_back({name});
    for (const int64_t place : shown) lines.back().push_back(cells[{name, place}]);
  }
  return aligned_columns(lines) +
         fmt::format("  * p <= {:g}{}\n", 1 - kConfidence,
                     shown.size() < layers.size()
                         ? fmt::format("; {} of {} layers are shown", shown.size(), layers.size())
                         : "");
}

bool is_bootstrap_beside_p(const std::string& table, const std::string& column) {
  static const std::set<std::string> kColumns{"ci_low", "ci_high", "ratio_low", "ratio_high"};
  return table == table::kContrasts && kColumns.contains(column);
}

std::string cell_text(const Cell& cell) {
  if (const auto* text = std::get_if<std::string>(&cell)) return *text;
  if (const auto* whole = std::get_if<int64_t>(&cell)) return fmt::format("{}", *whole);
  if (std::holds_alternative<std::monostate>(cell)) return "-";
  return fmt::format("{:.4g}", std::get<double>(cell));
}

}  // namespace

std::string answers_text(const Analysis& analysis, const std::vector<Answer>& answers) {
  std::string text = header(analysis);
  for (const Answer& answer : answers) {
    text += '\n' + answer.question + '\n';
    for (const std::string& sentence : answer.sentences) text += "- " + sentence + '\n';
    if (answer.name == "anchor" && !answer.numbers.rows.empty()) text += contrast_matrix(answer.numbers);
  }
  return text;
}

std::string table_text(const ResultTable& table) {
  std::vector<size_t> columns;
  for (size_t i = 0; i < table.columns.size(); ++i)
    if (!is_bootstrap_beside_p(table.name, table.columns[i])) columns.push_back(i);
  Lines lines(1);
  std::vector<bool> is_left;
  for (const size_t column : columns) {
    lines[0].push_back(table.columns[column]);
    is_left.push_back(std::ranges::any_of(table.rows, [&](const std::vector<Cell>& row) {
      return std::holds_alternative<std::string>(row[column]);
    }));
  }
  for (const auto& row : table.rows) {
    lines.emplace_back();
    for (const size_t column : columns) lines.back().push_back(cell_text(row[column]));
  }
  return aligned_columns(lines, is_left);
}

}  // namespace tugline
