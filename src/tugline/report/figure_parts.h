// The parts that every figure has: title, name of the measured quantity, caption, frame. Returns gnuplot text, which the figures' own
// scripts combine.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tugline/report/run_view.h"

namespace tugline {

inline constexpr double kFigureLeft = 0.11;  // the left edge of the axes, as a fraction of the figure's width

// A line of text at (0.02, y) of the figure; no character in it has a special meaning.
[[nodiscard]] std::string label_line(int number, const std::string& text, double y, const std::string& style);

// The title and, in smaller type, the model's name and `subject`.
[[nodiscard]] std::string title_lines(const RunView& view, const std::string& title,
                                      const std::string& subject);

// The caption: the values of facts_of that a reader needs to judge or repeat the figure. `what`: the spans that the figure is about. Ends
// with a full stop.
[[nodiscard]] std::string provenance_caption(const RunView& view, const std::string& what);

// The same without the facts about one run's pushes, for figures of several runs.
[[nodiscard]] std::string shared_caption(const RunView& view, const std::string& what);

// The caption's lines at the foot of the figure, and their height as a fraction of the figure's.
struct Caption {
  std::string script = {};
  double height = 0;
};
[[nodiscard]] Caption caption_of(const std::string& text);

// Top edges of the axes, as fractions of the figure's height.
inline constexpr double kBelowTitle = 0.87;
inline constexpr double kBelowUpperAxis = 0.785;  // if the upper axis has ticks and a name

struct Edges {
  double right = 0.87;
  double top = kBelowTitle;
};
// The axes' place, from kFigureLeft and above the caption.
[[nodiscard]] std::string margins(const Caption& caption, const Edges& edges);

// The largest of ..., 0.5, 1, 2, 5, 10, 20, ... that is not above `value` > 0.
[[nodiscard]] double round_number_below(double value);

// The logarithmic axis `axis` ("x", "y") from `low` to `high` with ticks at powers of ten; if the axis has less than two decades, also at 2
// and 5 times these.
[[nodiscard]] std::string logarithmic_axis(const std::string& axis, double low, double high);
// The same with ticks at 1, 2 and 5 times powers of ten (within one decade at 1 to 9 times), as plain numbers: for sizes and distances, which are seldom two decades apart.
[[nodiscard]] std::string plain_logarithmic_axis(const std::string& axis, double low, double high);

// The name of the run's epsilon, for an axis.
[[nodiscard]] std::string epsilon_name(const RunView& view);

// Border and grid.
[[nodiscard]] std::string frame();

}  // namespace tugline
