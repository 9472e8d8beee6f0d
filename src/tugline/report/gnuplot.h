// Runs gnuplot as a child process, without a shell and without the user's own start-up files.
#pragma once

#include <string>

namespace tugline {

// Runs `script` in gnuplot and returns what it draws. Throws Error: kNotFound if
// gnuplot is not installed; kIo, with gnuplot's message, if it fails. gnuplot does
// not check its writes; report/drawn_figure checks that the figure is complete.
[[nodiscard]] std::string run_gnuplot(const std::string& script);

// `text` as a gnuplot string constant. In single quotes, gnuplot does not expand
// or run anything in it. An apostrophe becomes a typographic one, because
// gnuplot reads a doubled one at the start of a string as the string's end.
[[nodiscard]] std::string gnuplot_quoted(const std::string& text);

}  // namespace tugline
