// What a figure shows: headings, panels with axes and series, a key, a caption. Every kind of figure fills a
// Sheet; figure_of lays it out, so that titles, axes, keys and captions look the same everywhere and never
// lie on each other.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tugline/report/axis.h"
#include "tugline/report/figure.h"
#include "tugline/report/series.h"

namespace tugline {

// A word at a place of a panel.
struct PanelText {
  double x = 0;  // on the panel's axes
  double y = 0;
  std::string text = {};
  std::string colour = "#333333";
  enum class Align { kLeft, kCentre, kRight } align = Align::kLeft;
};

struct Panel {
  std::string title = {};  // above it, in small type
  Axis x = {};
  Axis y = {};
  std::vector<Series> series = {};  // the later ones lie on the earlier
  std::vector<PanelText> texts = {};
  // Lines across the panel at a value of an axis.
  std::vector<double> across_x = {};  // vertical ones
  std::vector<double> across_y = {};
  std::vector<std::string> lines_beside = {};  // texts at the right edge, one for each category of y
};

// A second axis above a single panel: the lower one's values times a factor.
struct UpperAxis {
  std::string name = {};
  double factor = 1;
};

struct KeyEntry {
  std::string name = {};
  Series look = {};  // its marks are not used; a band is shown as a patch
};

// A bar of colours beside the panels, for values that colours stand for.
struct ColourBar {
  std::string name = {};
  Axis axis = {};
};

struct Sheet {
  std::string title = {};
  std::string subtitle = {};
  std::vector<std::string> remarks = {};  // further lines below the subtitle, such as a coefficient
  std::vector<Panel> panels = {};
  size_t columns = 1;
  double panel_height = 0;      // pixels on paper; 0: as the width suggests
  bool has_common_axes = true;  // all panels have the same: labels at the outer ones only
  std::optional<UpperAxis> upper = {};
  std::vector<KeyEntry> key = {};
  std::string key_title = {};
  std::optional<ColourBar> colours = {};
  std::string caption = {};      // below the figure
  std::string description = {};  // in the file's metadata
};

[[nodiscard]] Figure figure_of(const Sheet& sheet, const Look& look);

// How many columns small multiples stand in.
[[nodiscard]] size_t columns_for(size_t panels);

}  // namespace tugline
