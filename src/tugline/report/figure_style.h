// How figures look: colours, sizes, how captions are broken into lines. No data here.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tugline/report/figure.h"

namespace tugline {

// "#rrggbb" for `count` ordered curves. Up to seven: the colour-blind-safe set of Okabe and Ito (2008)
// without its yellow, which vanishes on white. More: steps of viridis (van der Walt and Smith, 2015), dark to
// light, so that order stays visible.
[[nodiscard]] std::vector<std::string> curve_colours(size_t count);

// The `set palette` line of the same viridis, for values that a colour bar explains.
[[nodiscard]] std::string viridis_palette();

// The `set terminal` line: the same drawing 900 x 600 units large, whatever the format.
[[nodiscard]] std::string terminal_line(FigureFormat format);

// Breaks `text` at spaces into lines of at most `width` characters; a longer word is broken where the line
// ends.
[[nodiscard]] std::vector<std::string> wrapped(const std::string& text, size_t width);

}  // namespace tugline
