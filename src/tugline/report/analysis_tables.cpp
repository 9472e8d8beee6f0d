#include "tugline/report/analysis_tables.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "tugline/core/error.h"
#include "tugline/core/excerpt.h"
#include "tugline/report/cell_json.h"

namespace tugline {
namespace {

Cell text_cell(std::string_view text) { return std::string(text); }

std::string_view name_of(Crossing::Place place) {
  switch (place) {
    case Crossing::Place::kWithin:
      return "within";
    case Crossing::Place::kBefore:
      return "before";
    case Crossing::Place::kBeyond:
      return "beyond";
  }
  return {};
}

Cell value_of(const std::optional<Crossing>& crossing) {
  if (!crossing) return std::monostate{};
  return cell_of(crossing->value());
}
Cell place_of(const std::optional<Crossing>& crossing) {
  if (!crossing) return std::monostate{};
  return text_cell(name_of(crossing->place));
}
std::optional<double> a_of(const std::optional<Quadratic>& fit) {
  if (!fit) return std::nullopt;
  return fit->a;
}
std::optional<double> b_of(const std::optional<Quadratic>& fit) {
  if (!fit) return std::nullopt;
  return fit->b;
}
std::optional<double> abs_a_of(const std::optional<Quadratic>& fit) {
  if (!fit) return std::nullopt;
  return std::abs(fit->a);
}

ResultTable settings_table(const Analysis& analysis, const std::map<std::string, Cell>& facts) {
  std::map<std::string, Cell> settings = facts;
  settings["resamples"] = analysis.options.resamples;
  settings["seed"] = std::to_string(analysis.options.seed);  // 64 bits without a sign
  settings["confidence"] = kConfidence;
  settings["threshold"] = analysis.options.threshold;
  settings["measure"] = analysis.measure.name;
  settings["directions"] = int64_t{analysis.directions};
  settings["epsilon"] = analysis.epsilon;
  settings["small_epsilon"] = analysis.fit_largest;
  settings["fit_epsilons"] = analysis.fit_points;
  settings["plateau_tolerance"] = kPlateauTolerance;
  settings["spans"] = analysis.spans;
  settings["incomplete_spans"] = analysis.incomplete_spans;
  settings["spans_at_sinks"] = analysis.spans_at_sinks;
  settings["spans_without_measure"] = analysis.spans_without_measure;
  ResultTable table{.name = table::kSettings, .columns = {"name", "value"}};
  for (const auto& [name, value] : settings) table.rows.push_back({name, value});
  return table;
}

ResultTable means_table(const Analysis& analysis) {
  ResultTable table{.name = table::kMeans,
                    .columns = {"span_kind", "layer", "epsilon", analysis.measure.name, "standard_error",
                                "ci_low", "ci_high", "spans", "examples"}};
  for (const MeanPoint& p : analysis.means) {
    table.rows.push_back({p.span_kind, int64_t{p.layer}, p.epsilon, p.kl, cell_of(p.interval.standard_error),
                          cell_of(p.interval.low), cell_of(p.interval.high), p.spans, p.examples});
  }
  return table;
}

ResultTable shapes_table(const Analysis& analysis) {
  ResultTable table{.name = table::kShapes,
                    .columns = {"span_kind", "layer", "a", "a_low", "a_high", "b", "b_low", "b_high",
                                "threshold_epsilon", "threshold_place", "threshold_low", "threshold_high",
                                "plateau_width", "plateau_place", "plateau_low", "plateau_high"}};
  for (const ShapeOfCurve& s : analysis.shapes) {
    table.rows.push_back({s.span_kind, int64_t{s.layer}, cell_of(a_of(s.fit)), cell_of(s.a.low),
                          cell_of(s.a.high), cell_of(b_of(s.fit)), cell_of(s.b.low), cell_of(s.b.high),
                          value_of(s.threshold), place_of(s.threshold), cell_of(s.threshold_interval.low),
                          cell_of(s.threshold_interval.high), value_of(s.plateau), place_of(s.plateau),
                          cell_of(s.plateau_interval.low), cell_of(s.plateau_interval.high)});
  }
  return table;
}

ResultTable spans_table(const Analysis& analysis) {
  ResultTable table{.name = table::kSpans, .columns = {kSpanColumns.begin(), kSpanColumns.end()}};
  *std::find(table.columns.begin(), table.columns.end(), "kl") = analysis.measure.name;
  for (const ChunkMetric& metric : analysis.metrics) table.columns.push_back(metric.name);
  for (const SpanMeasures& m : analysis.span_measures) {
    std::vector<Cell> row = {m.unit.example,
                             m.unit.span_kind,
                             m.unit.chunk,
                             int64_t{m.unit.layer},
                             m.tokens.begin,
                             m.tokens.end,
                             m.kl,
                             cell_of(a_of(m.fit)),
                             cell_of(abs_a_of(m.fit)),
                             cell_of(b_of(m.fit)),
                             value_of(m.threshold),
                             place_of(m.threshold),
                             value_of(m.plateau),
                             place_of(m.plateau),
                             cell_of(m.anisotropy.max_over_min),
                             cell_of(m.anisotropy.coefficient_of_variation)};
    for (const ChunkMetric& metric : analysis.metrics) {
      row.push_back(cell_of(value_at(metric, m.unit)));
    }
    table.rows.push_back(std::move(row));
  }
  return table;
}

ResultTable contrasts_table(const Analysis& analysis) {
  ResultTable table{
      .name = table::kContrasts,
      .columns = {"span_kind", "layer", "against_span_kind", "against_layer", "epsilon", "difference",
                  "ci_low", "ci_high", "standard_error", "t_low", "t_high", "p_value", "ratio", "ratio_low",
                  "ratio_high", "pairs", "larger", "ratio_t_low", "ratio_t_high"}};
  for (const Contrast& c : analysis.contrasts) {
    table.rows.push_back({c.span_kind, int64_t{c.layer}, c.against_kind, int64_t{c.against_layer}, c.epsilon,
                          c.difference.mean, cell_of(c.bootstrap.low), cell_of(c.bootstrap.high),
                          cell_of(c.difference.standard_error), cell_of(c.difference.ci_low),
                          cell_of(c.difference.ci_high), cell_of(c.p_value), cell_of(c.ratio),
                          cell_of(c.ratio_interval.low), cell_of(c.ratio_interval.high), c.pairs, c.larger,
                          cell_of(c.ratio_t.low), cell_of(c.ratio_t.high)});
  }
  return table;
}

ResultTable null_contrasts_table(const Analysis& analysis) {
  ResultTable table{.name = table::kNullContrasts,
                    .columns = {"span_kind", "layer", "epsilon", "direction", analysis.measure.name,
                                "null_" + analysis.measure.name, "null_low", "null_high", "difference",
                                "standard_error", "t_low", "t_high", "null_directions", "null_as_large",
                                "p_value", "spans", "null_as_small"}};
  for (const NullContrast& c : analysis.null_contrasts) {
    table.rows.push_back({c.span_kind, int64_t{c.layer}, c.epsilon, int64_t{c.direction}, c.kl, c.null_kl,
                          c.null_low, c.null_high, c.difference.mean, cell_of(c.difference.standard_error),
                          cell_of(c.difference.ci_low), cell_of(c.difference.ci_high), c.null_directions,
                          c.null_as_large, c.p_value, c.spans, c.null_as_small});
  }
  return table;
}

ResultTable variance_table(const Analysis& analysis) {
  ResultTable table{.name = table::kVariance,
                    .columns = {"span_kind", "layer", "epsilon", "examples", "spans", "directions"}};
  for (const SpreadPoint& s : analysis.spread) {
    table.rows.push_back({s.span_kind, int64_t{s.layer}, s.epsilon, cell_of(s.components.examples),
                          cell_of(s.components.spans), cell_of(s.components.directions)});
  }
  return table;
}

// `error` in percent of the mean, if that is above 0.
Cell percent_of(double error, const DirectionErrorPoint& point) {
  return point.mean > 0 ? Cell(100 * error / point.mean) : Cell();
}

ResultTable direction_errors_table(const Analysis& analysis) {
  ResultTable table{
      .name = table::kDirectionErrors,
      .columns = {"span_kind", "layer", "epsilon", "directions", "standard_error", "of_directions",
                  "of_directions_measured", "standard_error_percent", "of_directions_percent"}};
  for (const DirectionErrorPoint& d : analysis.direction_errors) {
    table.rows.push_back({d.span_kind, int64_t{d.layer}, d.epsilon, d.directions, d.predicted.standard_error,
                          d.predicted.of_directions, cell_of(d.measured),
                          percent_of(d.predicted.standard_error, d),
                          percent_of(d.predicted.of_directions, d)});
  }
  return table;
}

ResultTable length_contrasts_table(const Analysis& analysis) {
  ResultTable table{.name = table::kLengthContrasts,
                    .columns = {"measure", "span_kind", "layer", "against_span_kind", "epsilon", "difference",
                                "standard_error", "t_low", "t_high", "p_value", "ratio", "ratio_t_low",
                                "ratio_t_high", "pairs", "larger", "rows", "against_rows"}};
  for (const Contrast& c : analysis.length_contrasts) {
    table.rows.push_back({c.measure, c.span_kind, int64_t{c.layer}, c.against_kind, c.epsilon,
                          c.difference.mean, cell_of(c.difference.standard_error),
                          cell_of(c.difference.ci_low), cell_of(c.difference.ci_high), cell_of(c.p_value),
                          cell_of(c.ratio), cell_of(c.ratio_t.low), cell_of(c.ratio_t.high), c.pairs,
                          c.larger, c.rows, c.against_rows});
  }
  return table;
}

Cell count_cell(const std::optional<int64_t>& count) { return count ? Cell(*count) : Cell(); }

ResultTable directions_needed_table(const Analysis& analysis) {
  ResultTable table{.name = table::kDirectionsNeeded,
                    .columns = {"span_kind", "layer", "epsilon", "directions", "error_percent",
                                "for_5_percent", "for_2_percent", "span_error_percent", "span_for_5_percent",
                                "span_for_2_percent", "all_error_percent"}};
  for (const DirectionsNeeded& n : analysis.directions_needed) {
    table.rows.push_back({n.span_kind, int64_t{n.layer}, n.epsilon, n.directions, cell_of(n.error_percent),
                          count_cell(n.for_5_percent), count_cell(n.for_2_percent),
                          cell_of(n.span_error_percent), count_cell(n.span_for_5_percent),
                          count_cell(n.span_for_2_percent), cell_of(n.all_error_percent)});
  }
  return table;
}

ResultTable correlations_table(const Analysis& analysis) {
  ResultTable table{.name = table::kCorrelations,
                    .columns = {"span_kind", "layer", "measure", "metric", "scaling", "pearson", "pearson_p",
                                "pearson_q", "spearman", "spearman_p", "spearman_q", "spans", "examples"}};
  for (const MetricCorrelation& c : analysis.correlations) {
    const std::string& measure = c.measure == "kl" ? analysis.measure.name : c.measure;
    table.rows.push_back({c.span_kind, int64_t{c.layer}, measure, c.metric, text_cell(name_of(c.scaling)),
                          cell_of(c.pearson.coefficient), cell_of(c.pearson.p_value),
                          cell_of(c.pearson.q_value), cell_of(c.spearman.coefficient),
                          cell_of(c.spearman.p_value), cell_of(c.spearman.q_value), c.spans, c.examples});
  }
  return table;
}

using Json = nlohmann::ordered_json;

Json settings_json(const ResultTable& table) {
  Json settings = Json::object();
  for (const auto& row : table.rows) settings[std::get<std::string>(row[0])] = json_of(row[1]);
  return settings;
}

Json rows_json(const ResultTable& table) {
  Json rows = Json::array();
  for (const auto& cells : table.rows) {
    Json row = Json::object();
    for (size_t i = 0; i < cells.size(); ++i) row[table.columns[i]] = json_of(cells[i]);
    rows.push_back(std::move(row));
  }
  return rows;
}

}  // namespace

std::vector<ResultTable> analysis_tables(const Analysis& analysis, const std::map<std::string, Cell>& facts) {
  return {settings_table(analysis, facts),  means_table(analysis),
          shapes_table(analysis),           spans_table(analysis),
          contrasts_table(analysis),        null_contrasts_table(analysis),
          variance_table(analysis),         direction_errors_table(analysis),
          correlations_table(analysis),     length_contrasts_table(analysis),
          directions_needed_table(analysis)};
}

std::string analysis_json(const std::vector<ResultTable>& tables) {
  Json json = Json::object();
  for (const ResultTable& table : tables)
    json[table.name] = table.name == table::kSettings ? settings_json(table) : rows_json(table);
  return json.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string table_json(const ResultTable& table) {
  const Json json = table.name == table::kSettings ? settings_json(table) : rows_json(table);
  return json.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

size_t column_of(const ResultTable& table, const std::string& column) {
  const auto found = std::find(table.columns.begin(), table.columns.end(), column);
  if (found == table.columns.end()) {
    fail(ErrorCode::kInput,
         "the run's analysis has no column \"{}\" in its table {}; was it made by another version, or "
         "without the "
         "dataset? Run `tugline analyze RUN.db DATA` again",
         column, table.name);
  }
  return static_cast<size_t>(found - table.columns.begin());
}

size_t metric_column_of(const ResultTable& spans, const std::string& metric) {
  const auto first = spans.columns.begin() + std::min(kSpanColumns.size(), spans.columns.size());
  const auto found = std::find(first, spans.columns.end(), metric);
  if (found != spans.columns.end()) return static_cast<size_t>(found - spans.columns.begin());
  if (first == spans.columns.end()) {
    refuse("metric",
           "'{}': the run's analysis was made without the dataset and has no metric; run `tugline "
           "analyze RUN.db DATA`",
           excerpt(metric, 40));
  }
  refuse("metric", "'{}' is not a metric of the run's analysis, which has {}", excerpt(metric, 40),
         fmt::join(first, spans.columns.end(), ", "));
}

}  // namespace tugline
