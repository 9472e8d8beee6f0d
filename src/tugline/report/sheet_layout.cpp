#include "tugline/report/sheet_layout.h"

#include <algorithm>
#include <cmath>

#include "tugline/report/figure_style.h"

namespace tugline {
namespace {

constexpr double kPad = 18;
constexpr double kTickLength = 13;         // with the gap to its label
constexpr size_t kKeyBeside = 26;          // entries that fit beside the panels
constexpr double kWidestKeyBeside = 0.24;  // of the figure

std::vector<std::string> labels_of(const Axis& axis) {
  std::vector<std::string> labels;
  for (const Tick& tick : ticks_of(axis, 20)) labels.push_back(tick.label);
  return labels;
}

std::vector<std::string> names_of(const std::vector<KeyEntry>& key) {
  std::vector<std::string> names;
  for (const KeyEntry& entry : key) names.push_back(entry.name);
  return names;
}

class Layouter {
 public:
  Layouter(const Sheet& sheet, const Look& look) : sheet_(sheet), look_(look) {
    out_.factor = factor_of(look.style);
    out_.width = look.width.value_or(default_width(look.style));
    out_.pad = kPad * out_.factor;
    out_.tick_size = 13 * out_.factor;
    out_.name_size = 13.5 * out_.factor;
    out_.panel_title_size = 13 * out_.factor;
    out_.word_size = 11.5 * out_.factor;
    out_.key_size = 13 * out_.factor;
    out_.key_sample = 34 * out_.factor;
    out_.key_line = 18 * out_.factor;
  }

  SheetLayout layout() {
    heading();
    sides();
    rows();
    key_below();
    caption();
    out_.height = std::ceil(y_ + 0.5 * out_.pad);
    return std::move(out_);
  }

 private:
  [[nodiscard]] double scaled(double pixels) const { return pixels * out_.factor; }

  [[nodiscard]] TextBlock block(const std::string& text, double size) const {
    constexpr double kEms = 0.58;  // of a character on average, over a whole line
    const double character = kEms * scaled(size);
    const auto most = static_cast<size_t>((out_.width - 2 * out_.pad) / character);
    return {.top = y_, .line = scaled(1.4 * size), .size = scaled(size), .lines = wrapped(text, most)};
  }

  void heading() {
    y_ = 0.5 * out_.pad;
    out_.title = block(look_.title.empty() ? sheet_.title : look_.title, 18);
    y_ = out_.title.bottom();
    out_.subtitle = block(sheet_.subtitle, 13);
    y_ = out_.subtitle.bottom();
    for (const std::string& remark : sheet_.remarks) {
      const TextBlock lines = block(remark, 12);
      if (out_.remarks.lines.empty()) out_.remarks = {.top = y_, .line = lines.line, .size = lines.size};
      out_.remarks.lines.insert(out_.remarks.lines.end(), lines.lines.begin(), lines.lines.end());
    }
    y_ = std::max(y_, out_.remarks.bottom()) + scaled(10);
    if (sheet_.upper) {
      out_.upper_name_at = y_ + scaled(9);
      y_ += scaled(54);
    }
    out_.top = y_;
  }

  [[nodiscard]] bool has_titles() const {
    return std::any_of(sheet_.panels.begin(), sheet_.panels.end(),
                       [](const Panel& panel) { return !panel.title.empty(); });
  }

  // The room left of a panel: its ticks' labels and the name of its axis.
  [[nodiscard]] double room_for_y() const {
    double labels = 0;
    for (const Panel& panel : sheet_.panels)
      labels = std::max(labels, widest(labels_of(panel.y), out_.tick_size));
    const bool has_name = !sheet_.panels.front().y.name.empty();
    return labels + scaled(kTickLength) + (has_name ? scaled(24) : 0);
  }

  [[nodiscard]] bool has_key_beside() const {
    if (sheet_.key.empty() || sheet_.key.size() > kKeyBeside || sheet_.colours || sheet_.columns > 1)
      return false;
    return width_of_key() <= kWidestKeyBeside * out_.width;
  }

  [[nodiscard]] double width_of_key() const {
    std::vector<std::string> names = names_of(sheet_.key);
    const double title = width_of_text(sheet_.key_title, out_.key_size);
    return std::max(title, out_.key_sample + widest(names, out_.key_size)) + scaled(12);
  }

  void sides() {
    out_.left = out_.pad + room_for_y();
    out_.y_name_at = out_.pad + scaled(7);
    out_.right = out_.width - out_.pad;
    if (has_key_beside()) out_.right -= width_of_key();
    double beside = 0;
    for (const Panel& panel : sheet_.panels)
      beside = std::max(beside, widest(panel.lines_beside, out_.word_size));
    if (beside > 0) out_.right -= beside + scaled(10);
    const double least = scaled(220);  // of the panels; words beside them may need a wider figure
    const double lack = out_.left + least + (sheet_.colours ? scaled(100) : 0) - out_.right;
    if (lack > 0) out_.width += lack, out_.right += lack;
    // A name stands at the middle of the panels; a wider figure has more room beside it.
    const double name =
        widest({sheet_.panels.front().x.name, sheet_.upper ? sheet_.upper->name : ""}, out_.name_size);
    const double cut = name / 2 - (out_.width - (out_.left + out_.right) / 2);
    if (cut > 0) out_.width += 2 * cut, out_.right += 2 * cut;
    if (!sheet_.colours) return;
    out_.bar_width = scaled(16);
    out_.bar_ticks = widest(labels_of(sheet_.colours->axis), out_.tick_size) + scaled(24);
    out_.right -= out_.bar_width + out_.bar_ticks + scaled(38);
    out_.bar_left = out_.right + scaled(14);
  }

  void rows() {
    const auto columns = static_cast<double>(sheet_.columns);
    const size_t row_count = (sheet_.panels.size() + sheet_.columns - 1) / sheet_.columns;
    const double names = scaled(32);
    out_.own_y_name = room_for_y() - scaled(7);
    out_.own_x_name = scaled(42);
    const double gap_x = sheet_.has_common_axes ? scaled(14) : room_for_y() + scaled(14);
    const double gap_y = (sheet_.has_common_axes ? scaled(12) : scaled(64)) + (has_titles() ? scaled(20) : 0);
    const double width = (out_.right - out_.left - gap_x * (columns - 1)) / columns;
    const double suggested = sheet_.columns == 1 ? std::clamp(0.56 * width, 180.0, 640.0)
                                                 : std::max(0.72 * width, row_count == 1 ? scaled(230) : 0);
    const double height = sheet_.panel_height > 0 ? scaled(sheet_.panel_height) : suggested;
    if (has_titles()) y_ += scaled(20);
    out_.top = y_;
    for (size_t p = 0; p < sheet_.panels.size(); ++p) {
      const auto row = static_cast<double>(p / sheet_.columns);
      const double left = out_.left + static_cast<double>(p % sheet_.columns) * (width + gap_x);
      const double top = out_.top + row * (height + gap_y);
      out_.panels.push_back({.left = left, .top = top, .right = left + width, .bottom = top + height});
    }
    out_.bottom = out_.top + static_cast<double>(row_count) * (height + gap_y) - gap_y;
    out_.x_name_at = out_.bottom + scaled(44);
    y_ = out_.bottom + scaled(22) + (sheet_.panels.front().x.name.empty() ? 0 : names);
    if (has_key_beside()) key_beside();
  }

  void key_beside() {
    const double x = out_.width - out_.pad - width_of_key() + scaled(12);
    double y = out_.top + scaled(8);
    if (!sheet_.key_title.empty()) {
      out_.key_title_x = x;
      out_.key_title_y = y;
      y += out_.key_line;
    }
    for (const KeyEntry& entry : sheet_.key) {
      out_.key.push_back({.x = x, .y = y, .lines = {entry.name}});
      y += out_.key_line;
    }
    y_ = std::max(y_, y);
  }

  void key_below() {
    if (sheet_.key.empty() || has_key_beside()) return;
    y_ += scaled(14);
    const double available = out_.width - 2 * out_.pad;
    const double entry = widest(names_of(sheet_.key), out_.key_size) + out_.key_sample + scaled(18);
    const auto columns = static_cast<size_t>(std::max(1.0, std::floor(available / entry)));
    const double width = available / static_cast<double>(columns);
    const auto most =
        static_cast<size_t>((width - out_.key_sample - scaled(10)) / width_of_text("x", out_.key_size));
    if (!sheet_.key_title.empty()) {
      out_.key_title_x = out_.pad;
      out_.key_title_y = y_;
      y_ += out_.key_line;
    }
    size_t tallest = 1;
    for (size_t i = 0; i < sheet_.key.size(); ++i) {
      const size_t column = i % columns;
      if (column == 0 && i > 0) {
        y_ += out_.key_line * static_cast<double>(tallest);
        tallest = 1;
      }
      out_.key.push_back({.x = out_.pad + width * static_cast<double>(column),
                          .y = y_,
                          .lines = wrapped(sheet_.key[i].name, most)});
      tallest = std::max(tallest, out_.key.back().lines.size());
    }
    y_ += out_.key_line * static_cast<double>(tallest);
  }

  void caption() {
    if (!look_.has_caption) return;
    y_ += scaled(8);
    out_.caption = block(sheet_.caption, 11);
    y_ = out_.caption.bottom();
  }

  const Sheet& sheet_;
  const Look& look_;
  SheetLayout out_;
  double y_ = 0;  // the lower end of what is placed
};

}  // namespace

SheetLayout layout_of(const Sheet& sheet, const Look& look) { return Layouter(sheet, look).layout(); }

}  // namespace tugline
