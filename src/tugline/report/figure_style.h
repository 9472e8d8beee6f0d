// The style of figures: colours, sizes, and the lines of captions.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tugline/report/figure.h"

namespace tugline {

// "#rrggbb" for `count` ordered curves. Up to seven: the colour-blind-safe set of Okabe and Ito (2008)
// without its yellow, which cannot be seen on white. More than seven: steps of viridis (van der Walt and Smith, 2015), from dark to
// light, so that their order is visible.
[[nodiscard]] std::vector<std::string> curve_colours(size_t count);

// The `set palette` line of the same viridis, for values that a colour bar explains.
[[nodiscard]] std::string viridis_palette();

// The `set terminal` line: the same drawing 900 x 600 units large, whatever the format.
[[nodiscard]] std::string terminal_line(FigureFormat format);

// Breaks `text` at spaces into lines of at most `width`
// characters. A longer word is broken at the end of the line.
[[nodiscard]] std::vector<std::string> wrapped(const std::string& text, size_t width);

}  // namespace tugline
