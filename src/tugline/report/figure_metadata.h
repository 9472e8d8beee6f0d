// Puts a figure's title and description into the file that gnuplot drew, in each format's own way, and takes
// out what differs from one drawing to the next.
#pragma once

#include <string>

#include "tugline/report/figure.h"

namespace tugline {

// SVG: the elements title and desc, which readers also speak.
[[nodiscard]] std::string svg_with_metadata(std::string svg, const Figure& figure);
// PNG: two iTXt chunks, "Title" and "Description". `png` is whole.
[[nodiscard]] std::string png_with_metadata(std::string png, const Figure& figure);
// PDF: Title and Subject of the document information, as an update at the end of the file. `pdf` is whole.
[[nodiscard]] std::string pdf_with_metadata(std::string pdf, const Figure& figure);

}  // namespace tugline
