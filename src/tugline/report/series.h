// What is drawn in a panel: lines, bands, points with bars, cells. One Series is one data block and one
// element of gnuplot's plot command.
#pragma once

#include <cmath>
#include <string>
#include <vector>

#include "tugline/report/axis.h"

namespace tugline {

// A value with the ends of its interval or cell. A NaN in y is a gap in a line.
struct Mark {
  double x = 0;
  double y = 0;
  double low = NAN;
  double high = NAN;
  std::string colour = {};  // for forms that colour each mark
};

enum class Form {
  kLine,      // through the marks
  kLines,     // many lines, each mark in its colour, a gap between two lines
  kBand,      // from low to high
  kPoints,    // the marks alone
  kBars,      // marks with a bar from low to high along y
  kSideBars,  // the same along x: low and high are values of x
  kCells,     // rectangles of the category's size, in the mark's colour
};

struct Series {
  Form form = Form::kLine;
  std::vector<Mark> marks = {};
  std::string colour = "#000000";
  double opacity = 1;
  double width = 1.8;  // of lines
  double size = 0.45;  // of points
  int point = 7;       // gnuplot's type of point: 7 a disc, 6 a circle, 5 a square
  int dash = 1;        // gnuplot's type of dash: 1 none
};

// The same curve with marks in between, along which a line or a band follows it whatever the axes: between
// two marks log y runs linearly in log |x|, from a mark at 0 y grows as x squared, and otherwise y runs
// linearly. With gaps, as on_axes.
[[nodiscard]] std::vector<Mark> followed(const std::vector<Mark>& marks, const Axis& x, const Axis& y);

// The marks, with gaps in place of those that have no place on a logarithmic axis.
[[nodiscard]] std::vector<Mark> on_axes(const std::vector<Mark>& marks, const Axis& x, const Axis& y);

// gnuplot's data block `name`, and the element of the plot command that draws it. `factor` multiplies widths
// and sizes.
[[nodiscard]] std::string data_block(const Series& series, const std::string& name);
[[nodiscard]] std::string plot_element(const Series& series, const std::string& name, double factor);

}  // namespace tugline
