// What every figure has: a title, the measured thing's name, a caption that says who measured what, a frame. gnuplot text,
// assembled by the figures' own scripts.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tugline/report/run_view.h"

namespace tugline {

inline constexpr double kFigureLeft = 0.11;  // the left edge of the axes, of the figure's width

// A line of text at (0.02, y) of the figure, whatever is in it.
[[nodiscard]] std::string label_line(int number, const std::string& text, double y, const std::string& style);

// Title and, in smaller type, the model's name and `subject`.
[[nodiscard]] std::string title_lines(const RunView& view, const std::string& title,
                                      const std::string& subject);

// Who measured what: the values of facts_of that a reader of the figure needs to judge or repeat it. `what`: the spans that
// the figure is about. Ends with a full stop.
[[nodiscard]] std::string provenance_caption(const RunView& view, const std::string& what);

// The same without what is of one run's pushes: for figures of several runs.
[[nodiscard]] std::string shared_caption(const RunView& view, const std::string& what);

// Caption lines at the figure's foot, and how high they are, of the figure's height.
struct Caption {
  std::string script = {};
  double height = 0;
};
[[nodiscard]] Caption caption_of(const std::string& text);

// Top edges of the axes, of the figure's height.
inline constexpr double kBelowTitle = 0.87;
inline constexpr double kBelowUpperAxis = 0.785;  // where the upper axis has ticks and a name

struct Edges {
  double right = 0.87;
  double top = kBelowTitle;
};
// The axes' place, from kFigureLeft and above the caption.
[[nodiscard]] std::string margins(const Caption& caption, const Edges& edges);

// The largest of 1, 2, 5, 10, 20 ... and their like below 1 that is not above `value` > 0.
[[nodiscard]] double round_number_below(double value);

// The logarithmic axis `axis` ("x", "y") from `low` to `high` with ticks at powers of ten; where they are less than two decades
// apart, 2 and 5 times them too.
[[nodiscard]] std::string logarithmic_axis(const std::string& axis, double low, double high);
// The same with ticks at 1, 2 and 5 times powers of ten (within one decade at 1 to 9 times), as plain numbers: for sizes and distances, which are seldom two decades apart.
[[nodiscard]] std::string plain_logarithmic_axis(const std::string& axis, double low, double high);

// What the run's epsilon is, as an axis has it.
[[nodiscard]] std::string epsilon_name(const RunView& view);

// Border and grid.
[[nodiscard]] std::string frame();

}  // namespace tugline
