// Draws a gnuplot program and checks that every byte of the figure arrived. gnuplot does not check its
// writes: on a full or failing disk it leaves out the blocks that could not be written, and ends with status
// 0.
#pragma once

#include <string>
#include <string_view>

#include "tugline/report/figure.h"

namespace tugline {

// Returns the figure's bytes, with its title and description in the file's metadata. The same figure gives
// the same bytes. Errors: those of run_gnuplot; kIo if the figure is not complete.
[[nodiscard]] std::string drawn_figure(const Figure& figure);

// True for a PNG file whose chunks follow each other from the signature to IEND at the very end. A missing
// block breaks the chain.
[[nodiscard]] bool is_whole_png(std::string_view bytes);

// True for a PDF file whose last lines give the place of the table of objects, if the table is there and
// whole. A missing block moves it or is part of it.
[[nodiscard]] bool is_whole_pdf(std::string_view bytes);

}  // namespace tugline
