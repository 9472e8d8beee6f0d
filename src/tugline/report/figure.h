// The figure of a run: KL against epsilon, one curve per layer with its confidence band, drawn by gnuplot.
#pragma once

#include <filesystem>
#include <string>

#include "tugline/report/run_view.h"

namespace tugline {

enum class FigureFormat { kSvg, kPng, kPdf };

// The format for a file's extension. Throws Error (kUsage) for any other extension.
[[nodiscard]] FigureFormat figure_format_of(const std::filesystem::path& path);

// The span kind to draw: `wanted`; if that is empty, the run's only kind, or "anchor" if it has several. Throws Error: kUsage if the run
// has no such spans, kNothingToMeasure if it has no curve at all.
[[nodiscard]] std::string span_kind_to_draw(const RunView& view, const std::string& wanted);

// Returns the gnuplot program with its data. The vertical axis is logarithmic if any value is positive. Values that are exactly zero are
// then off the axis, and the caption says so.
[[nodiscard]] std::string figure_script(const RunView& view, const std::string& span_kind,
                                        FigureFormat format);

// Draws a gnuplot program made for the path's format into `path`, which is replaced completely or left unchanged.
void draw_script(const std::string& script, const std::filesystem::path& path);

// figure_script, drawn.
void draw_figure(const RunView& view, const std::string& span_kind, const std::filesystem::path& path);

}  // namespace tugline
