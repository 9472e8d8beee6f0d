// One axis of a panel: its range, its ticks, and gnuplot's commands for them.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace tugline {

struct Axis {
  std::string name = {};
  double low = 0;
  double high = 1;
  bool is_logarithmic = false;
  bool has_powers = false;  // a logarithmic axis' labels: 10⁻², or else 0.01
  // On a logarithmic axis: where values of 0 are drawn, in place of minus infinity; the tick there says 0.
  std::optional<double> zero_at = {};
  // The labels of categories, at their places; if there are some, there are no other ticks.
  std::vector<std::pair<double, std::string>> categories = {};
};

// A tick without a label is a minor one.
struct Tick {
  double place = 0;
  std::string label = {};
};

// The ticks of an axis with room for about `most` labels.
[[nodiscard]] std::vector<Tick> ticks_of(const Axis& axis, size_t most);

// A logarithmic axis that holds `low` to `high`, both > 0, with a little room at both ends.
[[nodiscard]] Axis logarithmic_axis(double low, double high);
// An axis that holds `low` to `high` with a little room at the ends; an end that is 0 gets none.
[[nodiscard]] Axis linear_axis(double low, double high);
// One place for each category, from 0.
[[nodiscard]] Axis category_axis(const std::vector<std::string>& names);
// One place for each layer, from 0.
[[nodiscard]] Axis layer_axis(std::span<const int32_t> layers);

// Where `value` is on the axis, from 0 to 1.
[[nodiscard]] double fraction_on(const Axis& axis, double value);

// The commands of range, scale and ticks for gnuplot's axis `which`, such as "x" or "y2". Ticks have no
// labels unless `has_labels`.
[[nodiscard]] std::string axis_commands(const Axis& axis, const std::string& which, size_t most_labels,
                                        bool has_labels);

}  // namespace tugline
