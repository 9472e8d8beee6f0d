#include "tugline/report/dose_tables.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
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
                                "directions"}};
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
  }
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

}  // namespace

std::vector<ResultTable> dose_tables(const DoseReport& report) { return {doses_table(report)}; }

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
  return text;
}

}  // namespace tugline
