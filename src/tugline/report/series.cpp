#include "tugline/report/series.h"

#include <fmt/format.h>

#include <algorithm>

#include "tugline/report/row_writer.h"

namespace tugline {
namespace {

constexpr int kBetween = 12;  // marks between two of a curve

double between_logarithms(double from, double to, double weight) {
  return from * std::pow(to / from, weight);
}

// y at `x`, between two marks with y0 and y1.
double value_between(double x, double x0, double y0, double x1, double y1) {
  const bool same_sign = x0 * x1 > 0 && y0 * y1 > 0;
  if (same_sign && x0 != x1) return between_logarithms(y0, y1, std::log(x / x0) / std::log(x1 / x0));
  const double weight = (x - x0) / (x1 - x0);
  if (x0 == 0 && y0 == 0) return y1 * weight * weight;
  if (x1 == 0 && y1 == 0) return y0 * (1 - weight) * (1 - weight);
  return y0 + weight * (y1 - y0);
}

bool is_off(const Axis& axis, double value) { return axis.is_logarithmic && !(value > 0); }

Mark mark_between(const Mark& from, const Mark& to, double x) {
  return {.x = x,
          .y = value_between(x, from.x, from.y, to.x, to.y),
          .low = value_between(x, from.x, from.low, to.x, to.low),
          .high = value_between(x, from.x, from.high, to.x, to.high)};
}

std::string row_of(const Series& series, const Mark& mark) {
  const auto text = [](double value) { return shortest_text(value); };
  switch (series.form) {
    case Form::kLine:
    case Form::kPoints:
      return fmt::format("{} {}\n", text(mark.x), text(mark.y));
    case Form::kBand:
      return fmt::format("{} {} {}\n", text(mark.x), text(mark.low), text(mark.high));
    case Form::kBars:
    case Form::kSideBars:
      return fmt::format("{} {} {} {}\n", text(mark.x), text(mark.y), text(mark.low), text(mark.high));
    case Form::kLines:
    case Form::kCells:
      return fmt::format("{} {} {}\n", text(mark.x), text(mark.y),
                         std::stoi(mark.colour.substr(1), nullptr, 16));
  }
  return {};
}

bool is_drawn(const Series& series, const Mark& mark) {
  if (series.form == Form::kBand) return std::isfinite(mark.low) && std::isfinite(mark.high);
  return std::isfinite(mark.x) && std::isfinite(mark.y);
}

}  // namespace

std::vector<Mark> on_axes(const std::vector<Mark>& marks, const Axis& x, const Axis& y) {
  std::vector<Mark> all;
  for (const Mark& mark : marks)
    all.push_back(is_off(x, mark.x) || is_off(y, mark.y) ? Mark{.x = mark.x, .y = NAN} : mark);
  return all;
}

std::vector<Mark> followed(const std::vector<Mark>& marks, const Axis& x, const Axis& y) {
  if (x.is_logarithmic && y.is_logarithmic) return on_axes(marks, x, y);
  std::vector<Mark> all;
  for (size_t i = 0; i < marks.size(); ++i) {
    for (int step = 1; i > 0 && step < kBetween; ++step) {
      const Mark& from = marks[i - 1];
      all.push_back(mark_between(from, marks[i], from.x + (marks[i].x - from.x) * step / kBetween));
    }
    all.push_back(marks[i]);
  }
  return on_axes(all, x, y);
}

std::string data_block(const Series& series, const std::string& name) {
  std::string text = fmt::format("${} << END\n", name);
  for (const Mark& mark : series.marks) text += is_drawn(series, mark) ? row_of(series, mark) : "\n";
  return text + "END\n";
}

std::string plot_element(const Series& series, const std::string& name, double factor) {
  const int transparent = static_cast<int>(std::lround(255 * (1 - series.opacity)));
  const std::string colour = fmt::format("lc rgb '#{:02x}{}'", transparent, series.colour.substr(1));
  const std::string line = fmt::format("lw {:.3g}", series.width * factor);
  const std::string point = fmt::format("pt {} ps {:.3g}", series.point, series.size * factor);
  switch (series.form) {
    case Form::kLine:
      return fmt::format("${} using 1:2 with lines {} dt {} {} notitle", name, line, series.dash, colour);
    case Form::kLines:
      return fmt::format("${} using 1:2:3 with lines {} lc rgb variable notitle", name, line);
    case Form::kBand:
      return fmt::format("${} using 1:2:3 with filledcurves fs solid noborder {} notitle", name, colour);
    case Form::kPoints:
      return fmt::format("${} using 1:2 with points {} {} {} notitle", name, point, line, colour);
    case Form::kBars:
      return fmt::format("${} using 1:2:3:4 with yerrorbars {} {} {} notitle", name, point, line, colour);
    case Form::kSideBars:
      return fmt::format("${} using 1:2:3:4 with xerrorbars {} {} {} notitle", name, point, line, colour);
    case Form::kCells:
      return fmt::format(
          "${} using 1:2:(0.49):(0.485):3 with boxxyerror fs solid 1 noborder lc rgb variable notitle", name);
  }
  return {};
}

}  // namespace tugline
