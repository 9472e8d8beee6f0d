#include "tugline/report/sheet.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "tugline/report/figure_style.h"
#include "tugline/report/gnuplot.h"
#include "tugline/report/row_writer.h"
#include "tugline/report/sheet_layout.h"

namespace tugline {
namespace {

// Writes gnuplot's program for a sheet, by its layout. Places are pixels from the upper left corner.
class Program {
 public:
  Program(const Sheet& sheet, const Look& look)
      : sheet_(sheet), look_(look), layout_(layout_of(sheet, look)) {}

  std::string text() {
    text_ = terminal_line(look_, layout_.width, layout_.height) +
            "set encoding utf8\nunset key\nset errorbars 0.6\nset border 3 lc rgb '#333333' lw 1\n"
            "set grid x y lc rgb '#e4e4e4' lw 0.8 lt 1\n" +
            fmt::format("set tics {}\n", font(layout_.tick_size));
    for (size_t p = 0; p < sheet_.panels.size(); ++p)
      for (size_t s = 0; s < sheet_.panels[p].series.size(); ++s)
        text_ += data_block(sheet_.panels[p].series[s], fmt::format("p{}s{}", p, s));
    text_ += "set multiplot\n";
    headings();
    key();
    colour_bar_name();
    for (size_t p = 0; p < sheet_.panels.size(); ++p) panel(p);
    text_ += "unset multiplot\n";
    return std::move(text_);
  }

 private:
  [[nodiscard]] std::string at(double x, double y) const {
    return fmt::format("screen {:.5f}, screen {:.5f}", x / layout_.width, 1 - y / layout_.height);
  }

  void label(double x, double y, const std::string& text, const std::string& style) {
    text_ += fmt::format("set label {} at {} noenhanced front {}\n", gnuplot_quoted(text), at(x, y), style);
  }

  void lines(const TextBlock& block, const std::string& colour) {
    double y = block.top + block.line / 2;
    for (const std::string& line : block.lines) {
      label(layout_.pad, y, line, fmt::format("left {} textcolor rgb '{}'", font(block.size), colour));
      y += block.line;
    }
  }

  void headings() {
    lines(layout_.title, "#000000");
    lines(layout_.subtitle, kGrey);
    lines(layout_.remarks, "#000000");
    lines(layout_.caption, kGrey);
    const double middle = (layout_.left + layout_.right) / 2;
    const Panel& first = sheet_.panels.front();
    if (sheet_.has_common_axes) {
      label(layout_.y_name_at, (layout_.top + layout_.bottom) / 2, first.y.name,
            fmt::format("center rotate by 90 {}", font(layout_.name_size)));
      label(middle, layout_.x_name_at, first.x.name, "center " + font(layout_.name_size));
    }
    if (sheet_.upper)
      label(middle, layout_.upper_name_at, sheet_.upper->name, "center " + font(layout_.name_size));
  }

  void key() {
    if (sheet_.key.empty()) return;
    if (!sheet_.key_title.empty())
      label(layout_.key_title_x, layout_.key_title_y, sheet_.key_title, "left " + font(layout_.key_size));
    for (size_t i = 0; i < sheet_.key.size(); ++i) {
      const KeyPlace& place = layout_.key[i];
      sample(sheet_.key[i].look, place);
      double y = place.y;
      for (const std::string& line : place.lines) {
        label(place.x + layout_.key_sample, y, line, "left " + font(layout_.key_size));
        y += layout_.key_line;
      }
    }
  }

  // The look of a curve before its name.
  void sample(const Series& look, const KeyPlace& place) {
    const double right = place.x + layout_.key_sample - 8 * layout_.factor;
    if (look.form == Form::kBand) {
      const double half = 5 * layout_.factor;
      text_ +=
          fmt::format("set object rectangle from {} to {} fc rgb '{}' fs transparent solid {:.3g} noborder\n",
                      at(place.x, place.y + half), at(right, place.y - half), look.colour, look.opacity);
      return;
    }
    const bool has_line = look.form == Form::kLine || look.form == Form::kBars;
    if (has_line)
      text_ +=
          fmt::format("set arrow from {} to {} nohead lw {:.3g} dt {} lc rgb '{}'\n", at(place.x, place.y),
                      at(right, place.y), look.width * layout_.factor, look.dash, look.colour);
    if (look.size > 0)
      text_ += fmt::format("set label '' at {} point pt {} ps {:.3g} lw 1.4 lc rgb '{}' front\n",
                           at((place.x + right) / 2, place.y), look.point,
                           std::max(look.size, 0.45) * layout_.factor, look.colour);
  }

  void colour_bar_name() {
    if (!sheet_.colours) return;
    const double x = layout_.bar_left + layout_.bar_width + layout_.bar_ticks + layout_.name_size * 0.8;
    label(x, (layout_.panels.front().top + layout_.panels.front().bottom) / 2, sheet_.colours->name,
          fmt::format("center rotate by 90 {}", font(layout_.name_size)));
  }

  // The bar is drawn with the first panel.
  std::string colour_bar(size_t p) {
    if (!sheet_.colours || p > 0) return "unset colorbox\n";
    const Axis& axis = sheet_.colours->axis;
    const Box& box = layout_.panels.front();
    const double height = box.bottom - box.top;
    return viridis_palette() + "\n" +
           axis_commands(axis, "cb", static_cast<size_t>(height / (36 * layout_.factor)), true) +
           fmt::format("set colorbox user origin {} size screen {:.5f}, screen {:.5f} front noborder\n",
                       at(layout_.bar_left, box.bottom), layout_.bar_width / layout_.width,
                       height / layout_.height);
  }

  void panel(size_t p) {
    const Panel& panel = sheet_.panels[p];
    const Box& box = layout_.panels[p];
    const size_t below = p + sheet_.columns;
    const bool is_lowest = !sheet_.has_common_axes || below >= sheet_.panels.size();
    const bool is_leftmost = !sheet_.has_common_axes || p % sheet_.columns == 0;
    if (!panel.title.empty())
      label((box.left + box.right) / 2, box.top - 0.75 * layout_.name_size, panel.title,
            "center " + font(layout_.panel_title_size));
    if (!sheet_.has_common_axes) own_axis_names(panel, box);
    panel_words(panel, box);
    text_ += fmt::format("set lmargin at screen {:.5f}\nset rmargin at screen {:.5f}\n",
                         box.left / layout_.width, box.right / layout_.width);
    text_ += fmt::format("set tmargin at screen {:.5f}\nset bmargin at screen {:.5f}\n",
                         1 - box.top / layout_.height, 1 - box.bottom / layout_.height);
    text_ += axis_commands(panel.x, "x", labels_along(panel.x, box.right - box.left, true), is_lowest);
    text_ += axis_commands(panel.y, "y", labels_along(panel.y, box.bottom - box.top, false), is_leftmost);
    upper_axis(panel, box);
    text_ += colour_bar(p);
    text_ += plot(p) + "unset label\nunset arrow\nunset object\n";
  }

  void own_axis_names(const Panel& panel, const Box& box) {
    label(box.left - layout_.own_y_name, (box.top + box.bottom) / 2, panel.y.name,
          fmt::format("center rotate by 90 {}", font(layout_.name_size)));
    label((box.left + box.right) / 2, box.bottom + layout_.own_x_name, panel.x.name,
          "center " + font(layout_.name_size));
  }

  void panel_words(const Panel& panel, const Box& box) {
    const char* names[] = {"left", "center", "right"};
    for (const PanelText& word : panel.texts)
      text_ += fmt::format("set label {} at first {}, first {} {} noenhanced front {} textcolor rgb '{}'\n",
                           gnuplot_quoted(word.text), shortest_text(word.x), shortest_text(word.y),
                           names[static_cast<size_t>(word.align)], font(layout_.word_size), word.colour);
    for (size_t i = 0; i < panel.lines_beside.size(); ++i)
      label(box.right + 10 * layout_.factor,
            box.bottom - fraction_on(panel.y, static_cast<double>(i)) * (box.bottom - box.top),
            panel.lines_beside[i], fmt::format("left {} textcolor rgb '{}'", font(layout_.word_size), kGrey));
    const std::string style =
        fmt::format("nohead lw {:.3g} lc rgb '#444444' dt 2 back", 1.2 * layout_.factor);
    for (const double x : panel.across_x)
      text_ += fmt::format("set arrow from first {0}, graph 0 to first {0}, graph 1 {1}\n", shortest_text(x),
                           style);
    for (const double y : panel.across_y)
      text_ += fmt::format("set arrow from graph 0, first {0} to graph 1, first {0} {1}\n", shortest_text(y),
                           style);
  }

  [[nodiscard]] size_t labels_along(const Axis& axis, double length, bool is_horizontal) const {
    double room = (is_horizontal ? (axis.has_powers ? 52 : 40) : 26) * layout_.factor;
    if (!axis.categories.empty()) {
      std::vector<std::string> names;
      for (const auto& [place, name] : axis.categories) names.push_back(name);
      room = is_horizontal ? widest(names, layout_.tick_size) + 8 * layout_.factor : 1.1 * layout_.tick_size;
    }
    return std::max<size_t>(2, static_cast<size_t>(std::max(length, 0.0) / room));
  }

  void upper_axis(const Panel& panel, const Box& box) {
    if (!sheet_.upper) return;
    Axis axis = panel.x;
    axis.low *= sheet_.upper->factor;
    axis.high *= sheet_.upper->factor;
    const size_t most = labels_along(axis, (box.right - box.left) * 0.8, true);
    text_ += "set border 7\n" + axis_commands(axis, "x2", most, true) + "set format x2 '%g'\n";
  }

  std::string plot(size_t p) const {
    const Panel& panel = sheet_.panels[p];
    std::vector<std::string> parts;
    for (size_t s = 0; s < panel.series.size(); ++s)
      if (!panel.series[s].marks.empty())
        parts.push_back(plot_element(panel.series[s], fmt::format("p{}s{}", p, s), layout_.factor));
    if (parts.empty() || (sheet_.colours && p == 0)) parts.emplace_back("NaN with points palette notitle");
    return fmt::format("plot \\\n  {}\n", fmt::join(parts, ", \\\n  "));
  }

  const Sheet& sheet_;
  const Look& look_;
  SheetLayout layout_;
  std::string text_;
};

}  // namespace

Figure figure_of(const Sheet& sheet, const Look& look) {
  const std::string title = look.title.empty() ? sheet.title : look.title;
  return {.format = look.format,
          .title = title,
          .description = sheet.subtitle + ". " + sheet.description,
          .script = Program(sheet, look).text()};
}

size_t columns_for(size_t panels) {
  if (panels <= 3) return panels;
  if (panels == 4) return 2;
  return panels <= 9 ? 3 : panels <= 16 ? 4 : 6;
}

}  // namespace tugline
