// A figure that lost a block on its way is noticed, whichever block it was.
#include "tugline/report/drawn_figure.h"

#include <gtest/gtest.h>

#include "tugline/report/gnuplot.h"

namespace tugline {
namespace {

std::string script_for(const std::string& terminal) {
  return "set terminal " + terminal + "\nset samples 1000\nplot sin(x) with lines, x/10 with points\n";
}

template <typename IsWhole>
void expect_every_hole_is_seen(const std::string& figure, IsWhole is_whole) {
  EXPECT_TRUE(is_whole(figure));
  for (const size_t block : {size_t{512}, size_t{4096}}) {
    ASSERT_GT(figure.size(), 2 * block);
    for (size_t begin = 0; begin < figure.size(); begin += block) {
      std::string holed = figure;
      holed.erase(begin, block);
      EXPECT_FALSE(is_whole(holed)) << "block of " << block << " at " << begin << " of " << figure.size();
    }
  }
  for (size_t size = 0; size < figure.size(); size += 97)
    EXPECT_FALSE(is_whole(figure.substr(0, size))) << size;
}

TEST(DrawnFigure, APngWithAHoleIsSeen) {
  expect_every_hole_is_seen(run_gnuplot(script_for("pngcairo")), is_whole_png);
}

TEST(DrawnFigure, APdfWithAHoleIsSeen) {
  expect_every_hole_is_seen(run_gnuplot(script_for("pdfcairo")), is_whole_pdf);
}

// gnuplot's library writes the table of objects line by line.
TEST(DrawnFigure, APdfWithoutALineOfItsTableIsSeen) {
  const std::string figure = run_gnuplot(script_for("pdfcairo"));
  const size_t table = figure.rfind("\nxref\n");
  if (table == std::string::npos) return;  // a later cairo keeps the table in a stream
  for (size_t begin = table + 1; begin < figure.rfind("%%EOF");) {
    const size_t end = figure.find('\n', begin) + 1;
    const std::string line = figure.substr(begin, end - begin);
    std::string holed = figure;
    holed.erase(begin, end - begin);
    if (line.find("/Info") == std::string::npos) {  // who made it is no part of the figure
      EXPECT_FALSE(is_whole_pdf(holed)) << line;
    }
    begin = end;
  }
}

TEST(DrawnFigure, ASvgIsWhatGnuplotDraws) {
  const std::string drawn = drawn_figure({.title = "Gnuplot", .script = script_for("svg")});
  const std::string plain = run_gnuplot(script_for("svg"));
  EXPECT_EQ(drawn.substr(drawn.find("</desc>")), plain.substr(plain.find("</desc>")));
}

}  // namespace
}  // namespace tugline
