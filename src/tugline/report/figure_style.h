// The style of figures: colours, sizes of type, and lines of text.
#pragma once

#include <string>
#include <vector>

#include "tugline/report/figure.h"

namespace tugline {

// "#rrggbb" for `count` ordered curves. Up to seven: the colour-blind-safe set of Okabe and Ito (2008)
// without its yellow, which cannot be seen on white. More than seven: steps of viridis (van der Walt and
// Smith, 2015), from dark to light, so that their order is visible.
[[nodiscard]] std::vector<std::string> curve_colours(size_t count);

// The colour of viridis at a place from 0 to 1; its last, yellow eighth is left out.
[[nodiscard]] std::string viridis(double fraction);

// The `set palette` line of the same viridis, for values that a colour bar explains.
[[nodiscard]] std::string viridis_palette();

// The colour of curves that are only the background of another one.
inline constexpr const char* kFaint = "#8c8c8c";
inline constexpr const char* kGrey = "#555555";

// Sizes of type and widths of lines are multiplied by this.
[[nodiscard]] double factor_of(FigureStyle style);
// Pixels.
[[nodiscard]] double default_width(FigureStyle style);

// The `set terminal` line for a drawing of this many pixels, whatever the format.
[[nodiscard]] std::string terminal_line(const Look& look, double width, double height);
// "font ',12'" in pixels of the drawing.
[[nodiscard]] std::string font(double size);

// An upper estimate of the width of `text` in type of `size` pixels.
[[nodiscard]] double width_of_text(const std::string& text, double size);

// The width of the widest text.
[[nodiscard]] double widest(const std::vector<std::string>& texts, double size);

// Breaks `text` at spaces into lines of at most `width`
// characters. A longer word is broken at the end of the line.
[[nodiscard]] std::vector<std::string> wrapped(const std::string& text, size_t width);

// `text` with at most `characters` characters; what is longer ends in "…".
[[nodiscard]] std::string shortened(const std::string& text, size_t characters);

}  // namespace tugline
