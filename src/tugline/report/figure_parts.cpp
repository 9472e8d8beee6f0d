#include "tugline/report/figure_parts.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>
#include <initializer_list>
#include <map>
#include <string_view>

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

std::string unfinished_fact(const RunView& view) {
  if (!view.is_unfinished()) return "";
  return view.units_planned ? fmt::format("UNFINISHED: {} of {} units", view.units, *view.units_planned)
                            : "UNFINISHED";
}

// Those of the named facts that the run has, in the order of the names; "" stands for `what`.
std::string joined_facts(const RunView& view, const std::string& what,
                         std::initializer_list<std::string_view> names) {
  std::map<std::string, std::string, std::less<>> facts;
  for (const auto& [name, value] : facts_of(view)) facts[name] = value;
  std::vector<std::string> parts;
  for (const std::string_view name : names) {
    if (name.empty()) {
      parts.push_back(what);
    } else if (name == "unfinished") {
      parts.push_back(unfinished_fact(view));
    } else if (const auto fact = facts.find(name); fact != facts.end()) {
      const char* mark = name == "tugline" ? " " : ": ";
      const std::string_view title = name == "model" ? "Model" : name == "part" ? "PARTIAL" : name;
      parts.push_back(fmt::format("{}{}{}", title, mark, fact->second));
    }
  }
  std::erase(parts, "");
  return fmt::format("{}.", fmt::join(parts, "; "));
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
  return joined_facts(view, what,
                      {"model", "data", "readout", "directions", "", "audit", "part", "unfinished",
                       "precision", "temperature", "vocabulary", "seed", "configuration", "tugline"});
}

std::string shared_caption(const RunView& view, const std::string& what) {
  return joined_facts(
      view, what,
      {"model", "data", "readout", "hook", "", "precision", "temperature", "vocabulary", "seed", "tugline"});
}

std::string margins(const Caption& caption, const Edges& edges) {
  return fmt::format(
      "set bmargin at screen {:.4f}\nset tmargin at screen {}\nset lmargin at screen {}\nset rmargin at "
      "screen {}\n",
      caption.height + 0.145, edges.top, kFigureLeft, edges.right);
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
