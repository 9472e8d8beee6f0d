// A finished figure: gnuplot's program that draws it, and what its file says about itself. Every kind of
// figure is made as a Sheet (report/sheet.h) and becomes a Figure.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

namespace tugline {

enum class FigureFormat { kSvg, kPng, kPdf };

// Sizes of type and lines, and the default width: for a page, or for a wall.
enum class FigureStyle { kPaper, kSlides };

// kLogLog: both axes logarithmic; kLog: the vertical one. kAuto: kLogLog if every value allows it, else kLog,
// else kLinear.
enum class AxisScale { kAuto, kLogLog, kLog, kLinear };

// How a figure looks, whatever it shows.
struct Look {
  FigureFormat format = FigureFormat::kSvg;
  FigureStyle style = FigureStyle::kPaper;
  AxisScale scale = AxisScale::kAuto;
  std::optional<double> width = {};  // pixels of the SVG; PNG has twice as many, PDF 120 an inch
  std::string title = {};            // in place of the figure's own
  bool has_caption = true;
};

struct Figure {
  FigureFormat format = FigureFormat::kSvg;
  std::string title = {};        // both go into the file's metadata
  std::string description = {};  // what was measured, how, and what is drawn
  std::string script = {};       // gnuplot's program with its data
};

// The format for a file's extension. Throws Error (kUsage) for any other extension.
[[nodiscard]] FigureFormat figure_format_of(const std::filesystem::path& path);

// Draws a figure made for the path's format into `path`, which is replaced completely or left unchanged.
void draw_figure(const Figure& figure, const std::filesystem::path& path);

}  // namespace tugline
