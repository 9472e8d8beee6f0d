#include "tugline/report/figure_style.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <sstream>

namespace tugline {
namespace {

constexpr std::array<const char*, 7> kOkabeIto = {"#0072b2", "#d55e00", "#009e73", "#cc79a7",
                                                  "#e69f00", "#56b4e9", "#000000"};

struct Rgb {
  double red, green, blue;
};

// Viridis at 0, 1/8 ... 7/8; its last, yellow eighth is left out.
constexpr std::array<Rgb, 8> kViridis = {{{68, 1, 84},
                                          {71, 45, 123},
                                          {59, 82, 139},
                                          {44, 114, 142},
                                          {33, 145, 140},
                                          {40, 174, 128},
                                          {94, 201, 98},
                                          {173, 220, 48}}};

size_t characters_in(const std::string& text) {
  return static_cast<size_t>(std::count_if(
      text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

// How many bytes the first `characters` characters of `text` take.
size_t bytes_of(const std::string& text, size_t characters) {
  size_t bytes = 0;
  for (size_t seen = 0; bytes < text.size(); ++bytes) {
    seen += (static_cast<unsigned char>(text[bytes]) & 0xc0) != 0x80 ? 1 : 0;
    if (seen > characters) {
      break;
    }
  }
  return bytes;
}

}  // namespace

std::string viridis(double fraction) {
  const double place = fraction * (kViridis.size() - 1);
  const auto low = std::min(static_cast<size_t>(place), kViridis.size() - 2);
  const double weight = place - static_cast<double>(low);
  const auto mixed = [&](double Rgb::*channel) {
    return static_cast<int>(
        std::lround(kViridis[low].*channel * (1 - weight) + kViridis[low + 1].*channel * weight));
  };
  return fmt::format("#{:02x}{:02x}{:02x}", mixed(&Rgb::red), mixed(&Rgb::green), mixed(&Rgb::blue));
}

std::vector<std::string> curve_colours(size_t count) {
  if (count <= kOkabeIto.size()) {
    return {kOkabeIto.begin(), kOkabeIto.begin() + static_cast<ptrdiff_t>(count)};
  }
  std::vector<std::string> colours;
  for (size_t i = 0; i < count; ++i) {
    colours.push_back(viridis(static_cast<double>(i) / static_cast<double>(count - 1)));
  }
  return colours;
}

std::string viridis_palette() {
  std::vector<std::string> steps;
  for (size_t i = 0; i < kViridis.size(); ++i) {
    const double place = static_cast<double>(i) / static_cast<double>(kViridis.size() - 1);
    steps.push_back(fmt::format("{:.4f} '{}'", place, viridis(place)));
  }
  return fmt::format("set palette defined ({})", fmt::join(steps, ", "));
}

double factor_of(FigureStyle style) { return style == FigureStyle::kSlides ? 1.5 : 1; }

double default_width(FigureStyle style) { return style == FigureStyle::kSlides ? 1280 : 900; }

std::string font(double size) { return fmt::format("font ',{:.4g}'", size); }

double width_of_text(const std::string& text, double size) {
  constexpr double kEms = 0.6;  // of a character, on average, in the widest of the usual sans-serif faces
  return kEms * size * static_cast<double>(characters_in(text));
}

double widest(const std::vector<std::string>& texts, double size) {
  double width = 0;
  for (const std::string& text : texts) width = std::max(width, width_of_text(text, size));
  return width;
}

std::string terminal_line(const Look& look, double width, double height) {
  // Sizes of type are in pixels of the drawing in SVG, in points of 4/3 pixels elsewhere.
  switch (look.format) {
    case FigureFormat::kSvg:
      return fmt::format(
          "set terminal svg size {:.0f},{:.0f} enhanced font 'sans-serif,14' background '#ffffff'\n", width,
          height);
    case FigureFormat::kPng:  // twice the pixels, for dense screens
      return fmt::format(
          "set terminal pngcairo size {:.0f},{:.0f} enhanced font 'sans-serif,14' fontscale 1.5 linewidth 2 "
          "pointscale 3.2\n",
          2 * width, 2 * height);
    case FigureFormat::kPdf:  // 0.6 points a pixel
      return fmt::format(
          "set terminal pdfcairo size {:.4f}in,{:.4f}in enhanced font 'sans-serif,14' fontscale 0.45 "
          "linewidth 1.1 pointscale 0.85\n",
          width / 120, height / 120);
  }
  return {};
}

std::vector<std::string> wrapped(const std::string& text, size_t width) {
  std::vector<std::string> lines;
  const auto add = [&](const std::string& word) {
    if (!lines.empty() && characters_in(lines.back()) + 1 + characters_in(word) <= width) {
      lines.back() += " " + word;
    } else {
      lines.push_back(word);
    }
  };
  std::istringstream words(text);
  for (std::string word; words >> word;) {
    for (size_t end = bytes_of(word, width); end < word.size(); end = bytes_of(word, width)) {
      lines.push_back(word.substr(0, end));
      word.erase(0, end);
    }
    add(word);
  }
  return lines;
}

std::string shortened(const std::string& text, size_t characters) {
  return characters_in(text) <= characters ? text : text.substr(0, bytes_of(text, characters - 1)) + "…";
}

}  // namespace tugline
