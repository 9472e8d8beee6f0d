#include "tugline/report/figure_parts.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>
#include <cmath>
#include <cstdlib>
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

// Decades of a logarithmic axis that are labelled each; of more, every second or third is.
constexpr int kMostDecades = 10;

// "10⁻³" in characters of their own: raised type overlaps in some readers of SVG.
std::string power_of_ten(int power) {
  constexpr std::array<const char*, 10> kRaised{"⁰", "¹", "²", "³", "⁴", "⁵", "⁶", "⁷", "⁸", "⁹"};
  std::string text = power < 0 ? "10⁻" : "10";
  for (const char digit : std::to_string(std::abs(power))) text += kRaised[static_cast<size_t>(digit - '0')];
  return text;
}

// A range of less than two decades may hold one power of ten or none: 2 and 5 times powers are labelled too.
std::string power_ticks(const std::string& axis, double low, double high) {
  const int first = static_cast<int>(std::floor(std::log10(low)));
  const int last = static_cast<int>(std::ceil(std::log10(high)));
  const int step = (last - first + kMostDecades) / kMostDecades;
  const bool is_close = high < 100 * low;
  std::vector<std::string> ticks;
  for (int power = first; power <= last; ++power) {
    const bool has_label = (power - first) % step == 0;
    ticks.push_back(has_label ? fmt::format("'{}' 1e{}", power_of_ten(power), power)
                              : fmt::format("'' 1e{} 1", power));
    for (int digit = 2; step == 1 && digit < 10; ++digit) {
      const bool is_labelled = is_close && (digit == 2 || digit == 5);
      ticks.push_back(is_labelled ? fmt::format("'{}·{}' {}e{}", digit, power_of_ten(power), digit, power)
                                  : fmt::format("'' {}e{} 1", digit, power));
    }
  }
  return fmt::format("set {}tics nomirror out ({})\n", axis, fmt::join(ticks, ", "));
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
  return joined_facts(
      view, what,
      {"model", "data", "readout", "hook", "head", "at", "push", "directions", "", "audit", "part",
       "unfinished", "precision", "temperature", "vocabulary", "seed", "configuration", "tugline"});
}

std::string shared_caption(const RunView& view, const std::string& what) {
  return joined_facts(view, what,
                      {"model", "data", "readout", "hook", "head", "at", "", "precision", "temperature",
                       "vocabulary", "seed", "tugline"});
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
  return fmt::format("set logscale {}\n", axis) + power_ticks(axis, low, high);
}

std::string plain_logarithmic_axis(const std::string& axis, double low, double high) {
  std::vector<std::string> ticks;
  const int last = static_cast<int>(std::ceil(std::log10(high)));
  for (int power = static_cast<int>(std::floor(std::log10(low))); power <= last; ++power)
    for (int digit = 1; digit < 10; ++digit) {
      const bool has_label = digit == 1 || digit == 2 || digit == 5 || high <= 10 * low;
      const std::string label = has_label ? fmt::format("{:g}", digit * std::pow(10.0, power)) : "";
      ticks.push_back(fmt::format("'{}' {}e{}{}", label, digit, power, has_label ? "" : " 1"));
    }
  return fmt::format("set logscale {0}\nset {0}tics nomirror out ({1})\n", axis, fmt::join(ticks, ", "));
}

std::string epsilon_name(const RunView& view) {
  return view.epsilon_is_fraction() ? "fraction ε of the way to another residual"
                                    : "push size ε  (RMS of the residual at the site)";
}

std::string frame() {
  return "set border 7 lc rgb '#333333' lw 1\nset grid x y lc rgb '#e4e4e4' lw 0.8 lt 1\n";
}

}  // namespace tugline
