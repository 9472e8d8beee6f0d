// The figure of a run: KL against epsilon, one curve a layer with its confidence band, drawn by gnuplot.
#pragma once

#include <filesystem>
#include <string>

#include "tugline/report/run_view.h"

namespace tugline {

enum class FigureFormat { kSvg, kPng, kPdf };

// By the file's extension; Error kUsage for any other.
[[nodiscard]] FigureFormat figure_format_of(const std::filesystem::path& path);

// The span kind to draw: `wanted`, or, where that is empty, the run's only one, "anchor" of several. Error
// kUsage where the run has no such spans, kNothingToMeasure where it has no curve at all.
[[nodiscard]] std::string span_kind_to_draw(const RunView& view, const std::string& wanted);

// The gnuplot program with its data. The vertical axis is logarithmic where any value is positive; what is
// exactly zero is then off the axis, and the caption says so.
[[nodiscard]] std::string figure_script(const RunView& view, const std::string& span_kind,
                                        FigureFormat format);

// Draws a gnuplot program made for the path's format into `path`, which is replaced whole or left as it was.
void draw_script(const std::string& script, const std::filesystem::path& path);

// figure_script, drawn.
void draw_figure(const RunView& view, const std::string& span_kind, const std::filesystem::path& path);

}  // namespace tugline
