// The figure that compares direction families and kinds of push: the response against epsilon at one layer,
// one curve per run, or per supplied vector. The runs are sweeps of the same model over the same spans, and
// differ only in their pushes.
#pragma once

#include <filesystem>
#include <map>
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
  // The curves of each supplied vector, by its number; empty for other directions.
  std::map<int32_t, std::vector<CurvePoint>> vectors = {};
};

// A run's name in the key: its direction family, or the file of its directions; and, if they are not the
// default, its kind of push and what its directions are orthogonal to.
[[nodiscard]] std::string family_name(const RunView& view);

// True if the run's directions are supplied vectors, the same at every span, so that each has a curve.
[[nodiscard]] bool has_vectors(const RunView& view);

// Checks that the runs can be compared. Errors (kUsage): runs that differ in anything except their pushes
// (names the field and both values); interpolations beside other pushes, because their epsilon is a fraction.
void check_comparable(const std::vector<FamilyRun>& runs);

// At one kind of span and layer. A run of supplied vectors has a curve for each of them (of more than 24:
// their mean, with each as a faint line), and one for the random directions beside them. `runs` has at least
// one; they are comparable, and each has points there.
[[nodiscard]] Figure families_figure(const std::vector<FamilyRun>& runs, const FigureSubject& subject);

}  // namespace tugline
