// Where the parts of a sheet are drawn. All numbers are pixels from the upper left corner of the drawing.
#pragma once

#include <string>
#include <vector>

#include "tugline/report/sheet.h"

namespace tugline {

struct Box {
  double left = 0, top = 0, right = 0, bottom = 0;
};

// Lines of text below each other from `top`.
struct TextBlock {
  double top = 0;
  double line = 0;  // a line's height
  double size = 0;  // of the type
  std::vector<std::string> lines = {};
  [[nodiscard]] double bottom() const { return top + line * static_cast<double>(lines.size()); }
};

struct KeyPlace {
  double x = 0;  // the left end of its sample
  double y = 0;  // the middle of its first line
  std::vector<std::string> lines = {};
};

struct SheetLayout {
  double factor = 1;  // of all sizes
  double width = 0, height = 0;
  double pad = 0;
  double tick_size = 0, name_size = 0, panel_title_size = 0, word_size = 0, key_size = 0;
  double key_sample = 0, key_line = 0;  // a sample's width, a line's height
  TextBlock title, subtitle, remarks, caption;
  double left = 0, top = 0, right = 0, bottom = 0;  // the edges of all panels together
  std::vector<Box> panels;
  double x_name_at = 0, y_name_at = 0, upper_name_at = 0;  // of axes that panels have in common
  double own_x_name = 0, own_y_name = 0;                   // distances from a panel, of axes of its own
  double key_title_x = 0, key_title_y = 0;
  std::vector<KeyPlace> key;
  double bar_left = 0, bar_width = 0, bar_ticks = 0;  // of the colour bar, and the room of its labels
};

[[nodiscard]] SheetLayout layout_of(const Sheet& sheet, const Look& look);

}  // namespace tugline
