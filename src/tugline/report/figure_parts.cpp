#include "tugline/report/figure_parts.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>
#include <map>

#include "tugline/report/figure_style.h"
#include "tugline/report/gnuplot.h"
#include "tugline/report/row_writer.h"
#include "tugline/store/field_names.h"

namespace tugline {
namespace {

constexpr size_t kCaptionCharacters = 150;  // that fit beside each other in the caption's size
constexpr double kCaptionLine = 0.0265;     // of the figure's height

// A range of less than two decades may hold one power of ten or none: 2 and 5 times powers are labelled too.
std::string close_ticks(const std::string& axis, double low, double high) {
  std::vector<std::string> ticks;
  const int last = static_cast<int>(std::ceil(std::log10(high)));
  for (int power = static_cast<int>(std::floor(std::log10(low))); power <= last; ++power) {
    for (const int digit : {1, 2, 5}) {
      const std::string factor = digit == 1 ? "" : fmt::format("{}·", digit);
      ticks.push_back(fmt::format("'{}10^{{{}}}' {}e{}", factor, power, digit, power));
    }
  }
  return fmt::format("set {}tics ({})\n", axis, fmt::join(ticks, ", "));
}

}  // namespace

std::string label_line(int number, const std::string& text, double y, const std::string& style) {
  return fmt::format("set label {} {} at screen 0.02,{:.4f} left noenhanced {}\n", number,
                     gnuplot_quoted(text), y, style);
}

std::string counted(int64_t count, const std::string& noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

std::string title_lines(const RunView& view, const std::string& title, const std::string& subject) {
  constexpr size_t kSubjectCharacters = 100;  // a longer name goes on in the caption, not over the edge
  std::vector<std::string> names;
  if (const auto model = view.meta.find(field::kModelName); model != view.meta.end()) {
    names = wrapped(model->second, kSubjectCharacters);
  }
  const std::string model = names.empty() ? "" : names.front() + (names.size() > 1 ? " …, " : ", ");
  return label_line(1, title, 0.97, "font ',18'") +
         label_line(2, model + subject, 0.925, "font ',13' textcolor rgb '#555555'");
}

std::string provenance_caption(const RunView& view, const std::string& what) {
  std::map<std::string, std::string> facts;
  for (const auto& [name, value] : facts_of(view)) {
    facts[name] = value;
  }
  std::vector<std::string> parts;
  const auto add = [&](const std::string& name, const std::string& before) {
    if (facts.contains(name)) {
      parts.push_back(before + facts[name]);
    }
  };
  add("model", "Model: ");
  add("data", "data: ");
  add("readout", "readout: ");
  add("directions", "directions: ");
  parts.push_back(what);
  add("audit", "audit: ");
  if (view.is_unfinished()) {
    parts.push_back(view.units_planned
                        ? fmt::format("UNFINISHED: {} of {} units", view.units, *view.units_planned)
                        : "UNFINISHED");
  }
  add("precision", "precision: ");
  add("temperature", "temperature: ");
  add("vocabulary", "vocabulary: ");
  add("seed", "seed: ");
  add("configuration", "configuration: ");
  add("tugline", "tugline ");
  return fmt::format("{}.", fmt::join(parts, "; "));
}

Caption caption_of(const std::string& text) {
  const std::vector<std::string> lines = wrapped(text, kCaptionCharacters);
  Caption caption{.script = "", .height = kCaptionLine * static_cast<double>(lines.size())};
  double y = caption.height + 0.005;
  int number = 10;
  for (const std::string& line : lines) {
    caption.script += label_line(number++, line, y, "font ',10.5' textcolor rgb '#555555'");
    y -= kCaptionLine;
  }
  return caption;
}

double round_number_below(double value) {
  const double decade = std::pow(10.0, std::floor(std::log10(value)));
  for (const double digit : {5.0, 2.0}) {
    if (digit * decade <= value) {
      return digit * decade;
    }
  }
  return decade;
}

std::string logarithmic_axis(const std::string& axis, double low, double high) {
  const std::string text =
      fmt::format("set logscale {0}\nset format {0} '10^{{%L}}'\nset m{0}tics 10\n", axis);
  return text + fmt::format("set {}tics nomirror out\n", axis) +
         (high < 100 * low ? close_ticks(axis, low, high) : "");
}

std::string frame() {
  return "set border 7 lc rgb '#333333' lw 1\nset grid x y lc rgb '#e4e4e4' lw 0.8 lt 1\n";
}

}  // namespace tugline
