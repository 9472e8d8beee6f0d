#include "tugline/report/dose_tables.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <utility>

#include "tugline/report/text_columns.h"

namespace tugline {
namespace {

const char* name_of(Dose::Place place) {
  switch (place) {
    case Dose::Place::kMeasured:
      return "within";
    case Dose::Place::kBelow:
      return "below";
    case Dose::Place::kBeyond:
      return "beyond";
  }
  return "";
}

Cell whole_cell(const std::optional<int64_t>& value) {
  if (value) return *value;
  return std::monostate{};
}

std::optional<double> epsilon_of(const Dose& dose) {
  return dose.place == Dose::Place::kBeyond ? std::nullopt : std::optional(dose.epsilon);
}

// The ends of the interval with the side's sign, the lower first.
std::pair<std::optional<double>, std::optional<double>> signed_interval(const DoseRow& row) {
  const auto negated = [](const std::optional<double>& end) {
    return end ? std::optional(-*end) : std::nullopt;
  };
  if (row.side == DoseSide::kPositive) return {row.interval.low, row.interval.high};
  return {negated(row.interval.high), negated(row.interval.low)};
}

std::optional<double> relative(const DoseReport& report, const Dose& dose) {
  const std::optional<double> epsilon = epsilon_of(dose);
  if (!report.width || !epsilon) return std::nullopt;
  return *epsilon / std::sqrt(static_cast<double>(*report.width));
}

std::vector<Cell> tangent_cells(const DoseRow& row) {
  if (!row.tangent) return std::vector<Cell>(6);
  const Tangent& tangent = *row.tangent;
  const double sign = row.side == DoseSide::kPositive ? 1 : -1;
  return {tangent.curvature,
          cell_of(tangent.curvature_error),
          sign * tangent.predicted,
          cell_of(tangent.measured_over_predicted),
          cell_of(epsilon_of(tangent.radius)),
          name_of(tangent.radius.place)};
}

ResultTable doses_table(const DoseReport& report) {
  ResultTable table{.name = "doses",
                    .columns = {"span_kind",
                                "layer",
                                "null_direction",
                                "direction",
                                "example",
                                "chunk",
                                "target",
                                "statistic",
                                "epsilon",
                                "place",
                                "ci_low",
                                "ci_high",
                                "interpolation_error",
                                "epsilon_relative",
                                "largest_kl",
                                "largest_epsilon",
                                "resamples_beyond",
                                "spans",
                                "examples",
                                "directions",
                                "curvature",
                                "curvature_error",
                                "predicted_epsilon",
                                "measured_over_predicted",
                                "quadratic_radius",
                                "radius_place"}};
  for (const DoseRow& row : report.doses) {
    const auto [low, high] = signed_interval(row);
    const std::optional<int64_t> direction = row.direction;
    table.rows.push_back({row.span_kind,
                          int64_t{row.layer},
                          int64_t{row.set == DirectionSet::kNull ? 1 : 0},
                          whole_cell(direction),
                          whole_cell(row.example),
                          whole_cell(row.chunk),
                          report.target,
                          report.statistic,
                          cell_of(epsilon_of(row.dose)),
                          name_of(row.dose.place),
                          cell_of(low),
                          cell_of(high),
                          cell_of(row.dose.interpolation_error),
                          cell_of(relative(report, row.dose)),
                          row.dose.largest_response,
                          row.dose.largest_epsilon,
                          row.resamples_beyond,
                          row.spans,
                          row.examples,
                          row.directions});
    std::ranges::move(tangent_cells(row), std::back_inserter(table.rows.back()));
  }
  return table;
}

ResultTable ranks_table(const DoseReport& report) {
  ResultTable table{.name = "effective_ranks",
                    .columns = {"span_kind", "layer", "effective_rank", "ci_low", "ci_high", "dimensions",
                                "spans", "directions"}};
  for (const RankRow& row : report.ranks)
    table.rows.push_back({row.span_kind, int64_t{row.layer}, cell_of(row.rank.rank), cell_of(row.rank.low),
                          cell_of(row.rank.high), row.dimensions, row.rank.spans, row.rank.directions});
  return table;
}

std::string number(const std::optional<double>& value, const char* format_absent = "-") {
  return value ? fmt::format("{:.4g}", *value) : format_absent;
}

std::string curve_text(const DoseRow& row) {
  if (row.set == DirectionSet::kNull && !row.direction)
    return fmt::format("{} random directions", row.directions);
  if (row.direction)
    return fmt::format("{} {}", row.set == DirectionSet::kNull ? "random" : "direction", *row.direction);
  return fmt::format("mean of {}", row.directions);
}

std::string place_text(const DoseRow& row) {
  if (row.example) return fmt::format("{} of example {}, chunk {}", row.span_kind, *row.example, *row.chunk);
  return fmt::format("{} ({} in {})", row.span_kind, row.spans, row.examples);
}

std::string epsilon_text(const DoseRow& row) {
  if (row.dose.place == Dose::Place::kBeyond)
    return fmt::format("not reached: {:.3g} at {:g}", row.dose.largest_response, row.dose.largest_epsilon);
  return fmt::format("{}{:.5g}", row.dose.place == Dose::Place::kBelow ? "~" : "", row.dose.epsilon);
}

std::string interval_text(const DoseRow& row) {
  const auto [low, high] = signed_interval(row);
  if (!low && !high) return "-";
  return fmt::format("[{}, {}]", number(low), number(high));
}

std::string statistic_text(const std::string& statistic) {
  if (statistic == "p95") return "95 % quantile of the readout rows";
  if (statistic == "own-row") return "the pushed token's own row";
  return "mean over the readout rows";
}

std::string radius_text(const Dose& radius) {
  switch (radius.place) {
    case Dose::Place::kMeasured:
      return fmt::format("{:.4g}", radius.epsilon);
    case Dose::Place::kBelow:
      return fmt::format("~{:.4g}", radius.epsilon);
    case Dose::Place::kBeyond:
      return "beyond";
  }
  return "";
}

std::string tangents_block(const DoseReport& report) {
  std::vector<std::vector<std::string>> lines{{"spans (examples)", "layer", "directions", "v'Fv", "+-",
                                               "predicted", "measured/predicted", "quadratic to 5 % up to"}};
  for (const DoseRow& row : report.doses) {
    if (!row.tangent) continue;
    const Tangent& tangent = *row.tangent;
    const double sign = row.side == DoseSide::kPositive ? 1 : -1;
    lines.push_back({place_text(row), fmt::format("{}", row.layer), curve_text(row),
                     fmt::format("{:.5g}", tangent.curvature),
                     tangent.curvature_error ? fmt::format("{:.1g}", *tangent.curvature_error) : "-",
                     fmt::format("{:.5g}", sign * tangent.predicted), number(tangent.measured_over_predicted),
                     radius_text(tangent.radius)});
  }
  return "\nTangents: KL = v'Fv eps^2 / 2 for eps to 0, and the epsilon that this predicts\n" +
         aligned_columns(lines);
}

std::string ranks_block(const DoseReport& report) {
  if (report.ranks.empty()) return fmt::format("\nNo effective rank of F: {}\n", report.no_ranks);
  std::vector<std::vector<std::string>> lines{
      {"spans", "layer", "effective rank", "95 % interval", "of dimensions", "directions at a span"}};
  for (const RankRow& row : report.ranks)
    lines.push_back({fmt::format("{} ({})", row.span_kind, row.rank.spans), fmt::format("{}", row.layer),
                     number(row.rank.rank),
                     fmt::format("[{}, {}]", number(row.rank.low), number(row.rank.high)),
                     fmt::format("{}", row.dimensions), fmt::format("{}", row.rank.directions)});
  return "\nEffective rank of F, (tr F)^2 / tr F^2, from the spread over random directions\n" +
         aligned_columns(lines);
}

}  // namespace

std::vector<ResultTable> dose_tables(const DoseReport& report) {
  std::vector<ResultTable> tables{doses_table(report)};
  if (report.tangents) tables.push_back(ranks_table(report));
  return tables;
}

std::string dose_text(const DoseReport& report) {
  std::vector<std::vector<std::string>> lines{
      {"spans (examples)", "layer", "directions", "epsilon", "95 % interval", "interpolated to", "relative"}};
  for (const DoseRow& row : report.doses)
    lines.push_back(
        {place_text(row), fmt::format("{}", row.layer), curve_text(row), epsilon_text(row),
         interval_text(row),
         row.dose.interpolation_error ? fmt::format("+-{:.1g}", *row.dose.interpolation_error) : "-",
         number(relative(report, row.dose))});
  std::string text = fmt::format("The epsilon at which KL reaches {:g} nats ({})\n", report.target,
                                 statistic_text(report.statistic)) +
                     aligned_columns(lines);
  if (std::ranges::any_of(report.doses,
                          [](const DoseRow& row) { return row.dose.place == Dose::Place::kBelow; }))
    text += "  ~: below the smallest measured epsilon, where the curve is continued as its quadratic\n";
  return report.tangents ? text + tangents_block(report) + ranks_block(report) : text;
}

}  // namespace tugline
