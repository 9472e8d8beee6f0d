// Runs gnuplot as a child process, without a shell and without the user's own start-up files.
#pragma once

#include <string>

namespace tugline {

// Feeds `script` to gnuplot and returns what it draws. Throws Error kNotFound where gnuplot is not installed,
// kIo where it could not do its work, with its words. gnuplot does not look at whether its writes succeed:
// report/drawn_figure checks that the figure is whole.
[[nodiscard]] std::string run_gnuplot(const std::string& script);

// Text to be shown, as a gnuplot string constant. Single quotes: nothing in it is expanded or run. An
// apostrophe becomes the typographic one: gnuplot reads a doubled one at the start of a string as the
// string's end.
[[nodiscard]] std::string gnuplot_quoted(const std::string& text);

}  // namespace tugline
