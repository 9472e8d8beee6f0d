#include "tugline/report/axis.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>

#include "tugline/report/gnuplot.h"
#include "tugline/report/row_writer.h"

namespace tugline {
namespace {

constexpr double kRoom = 0.03;  // of the axis, at an end

// "10⁻³" in characters of their own: raised type overlaps in some readers of SVG.
std::string power_of_ten(int power) {
  constexpr std::array<const char*, 10> kRaised{"⁰", "¹", "²", "³", "⁴", "⁵", "⁶", "⁷", "⁸", "⁹"};
  std::string text = power < 0 ? "10⁻" : "10";
  for (const char digit : std::to_string(std::abs(power))) text += kRaised[static_cast<size_t>(digit - '0')];
  return text;
}

std::string label_of(int digit, int power, bool has_powers) {
  if (!has_powers) return fmt::format("{:g}", digit * std::pow(10.0, power));
  return digit == 1 ? power_of_ten(power) : fmt::format("{}·{}", digit, power_of_ten(power));
}

// The digits that are labelled in each decade: all, 1 2 5, 1 3, or 1 alone; the most for which there is room
// everywhere.
std::vector<int> labelled_digits(const Axis& axis, double decades, size_t most) {
  constexpr double kFewDecades = 2;  // with powers of ten, more decades are clear by these alone
  if (axis.has_powers && decades > kFewDecades) return {1};
  const std::array<std::pair<std::vector<int>, double>, 3> choices{
      {{{1, 2, 3, 4, 5, 6, 7, 8, 9}, std::log10(10.0 / 9)},
       {{1, 2, 5}, std::log10(2.0)},
       {{1, 3}, std::log10(3.0)}}};
  for (const auto& [digits, closest] : choices)
    if (closest * static_cast<double>(most) >= decades) return digits;
  return {1};
}

std::vector<Tick> logarithmic_ticks(const Axis& axis, size_t most) {
  const double decades = std::log10(axis.high / axis.low);
  const std::vector<int> digits = labelled_digits(axis, decades, most);
  const int step = std::max(1, static_cast<int>(std::ceil(decades / static_cast<double>(most))));
  std::vector<Tick> ticks;
  if (axis.zero_at) ticks.push_back({*axis.zero_at, "0"});
  const int last = static_cast<int>(std::ceil(std::log10(axis.high)));
  for (int power = static_cast<int>(std::floor(std::log10(axis.low))); power <= last; ++power)
    for (int digit = 1; digit < 10; ++digit) {
      const double place = digit * std::pow(10.0, power);
      if (place < axis.low * (1 - 1e-9) || place > axis.high * (1 + 1e-9)) continue;
      if (axis.zero_at && place < 1.5 * *axis.zero_at) continue;
      const bool is_labelled =
          (step == 1 || power % step == 0) && std::find(digits.begin(), digits.end(), digit) != digits.end();
      if (!is_labelled && step > 1 && digit > 1) continue;
      ticks.push_back({place, is_labelled ? label_of(digit, power, axis.has_powers) : ""});
    }
  return ticks;
}

std::vector<Tick> linear_ticks(const Axis& axis, size_t most) {
  const double width = (axis.high - axis.low) / static_cast<double>(std::max<size_t>(most, 1));
  const double decade = std::pow(10.0, std::floor(std::log10(width)));
  double step = 10 * decade;
  for (const double digit : {5.0, 2.0, 1.0})
    if (digit * decade >= width) step = digit * decade;
  std::vector<Tick> ticks;
  for (double i = std::ceil(axis.low / step - 1e-9); i * step <= axis.high + 1e-9 * step; ++i)
    ticks.push_back({i * step, fmt::format("{:.6g}", i == 0 ? 0.0 : i * step)});
  return ticks;
}

// If there is no room for all names, every second or third is shown.
std::vector<Tick> category_ticks(const Axis& axis, size_t most) {
  const size_t step = (axis.categories.size() + most - 1) / std::max<size_t>(most, 1);
  std::vector<Tick> ticks;
  for (size_t i = 0; i < axis.categories.size(); ++i)
    if (i % std::max<size_t>(step, 1) == 0)
      ticks.push_back({axis.categories[i].first, axis.categories[i].second});
  return ticks;
}

}  // namespace

std::vector<Tick> ticks_of(const Axis& axis, size_t most) {
  if (!axis.categories.empty()) return category_ticks(axis, most);
  return axis.is_logarithmic ? logarithmic_ticks(axis, most) : linear_ticks(axis, most);
}

Axis logarithmic_axis(double low, double high) {
  if (high <= low) low /= 2, high *= 2;
  const double room = std::pow(high / low, kRoom);
  return {.low = low / room, .high = high * room, .is_logarithmic = true};
}

Axis linear_axis(double low, double high) {
  if (high <= low) low -= 0.5, high += 0.5;
  const double room = kRoom * (high - low);
  return {.low = low == 0 ? 0 : low - room, .high = high == 0 ? 0 : high + room};
}

Axis category_axis(const std::vector<std::string>& names) {
  Axis axis{.low = -0.5, .high = static_cast<double>(names.size()) - 0.5};
  for (const std::string& name : names) axis.categories.emplace_back(axis.categories.size(), name);
  return axis;
}

Axis layer_axis(std::span<const int32_t> layers) {
  std::vector<std::string> names;
  for (const int32_t layer : layers) names.push_back(fmt::format("{}", layer));
  Axis axis = category_axis(names);
  axis.name = "layer";
  return axis;
}

double fraction_on(const Axis& axis, double value) {
  if (axis.is_logarithmic) return std::log(value / axis.low) / std::log(axis.high / axis.low);
  return (value - axis.low) / (axis.high - axis.low);
}

std::string axis_commands(const Axis& axis, const std::string& which, size_t most_labels, bool has_labels) {
  std::vector<std::string> parts;
  for (const Tick& tick : ticks_of(axis, most_labels))
    parts.push_back(fmt::format("{} {}{}", gnuplot_quoted(has_labels ? tick.label : ""),
                                shortest_text(tick.place), tick.label.empty() ? " 1" : ""));
  return fmt::format(
      "{} logscale {}\nset {}range [{}:{}]\nset {}tics nomirror out scale 0.7,0.4 noenhanced ({})\n",
      axis.is_logarithmic ? "set" : "unset", which, which, shortest_text(axis.low), shortest_text(axis.high),
      which, fmt::join(parts, ", "));
}

}  // namespace tugline
