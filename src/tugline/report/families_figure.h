// The figure that compares direction families and kinds of push: the response against epsilon at one layer,
// one curve per run. The runs are sweeps of the same model over the same spans, and differ only in their
// pushes.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "tugline/report/curves_figure.h"
#include "tugline/report/run_view.h"

namespace tugline {

// One of the runs, and its path, for messages and for runs that have the same name.
struct FamilyRun {
  std::filesystem::path path;
  RunView view;
  std::vector<CurvePoint> curves = {};  // of the figure's measure
};

// A run's name in the key: its direction family, or the file of its directions; and, if they are not the
// default, its kind of push and what its directions are orthogonal to. A run of supplied vectors has a second
// curve, of the random directions beside them.
[[nodiscard]] std::string family_name(const RunView& view);

// Checks that the runs can be compared. Errors (kUsage): runs that differ in anything except their pushes
// (names the field and both values); interpolations beside other pushes, because their epsilon is a fraction.
void check_comparable(const std::vector<FamilyRun>& runs);

// At one kind of span and layer. `runs` has at least one; they are comparable, and each has points there.
[[nodiscard]] Figure families_figure(const std::vector<FamilyRun>& runs, const FigureSubject& subject);

}  // namespace tugline
