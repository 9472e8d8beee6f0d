// The figure that compares direction families and kinds of push: KL against epsilon at one layer, one curve per run. The runs are sweeps of
// the same model over the same spans, and differ only in their pushes.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "tugline/report/figure.h"
#include "tugline/report/run_view.h"

namespace tugline {

// One of the runs, and its path, for messages and for runs that have the same name.
struct FamilyRun {
  std::filesystem::path path;
  RunView view;
};

struct FamiliesFigureOptions {
  std::string span_kind = {};  // the result of span_kind_to_draw for each of the runs
  int32_t layer = 0;
  FigureFormat format = FigureFormat::kSvg;
};

// A run's name in the key: its direction family, or the file of its directions; and, if they are not the default, its kind of push
// and what its directions are orthogonal to. A run of supplied vectors has a second curve, of the random directions beside them.
[[nodiscard]] std::string family_name(const RunView& view);

// Checks that the runs can be compared. Errors (kUsage): runs that differ in anything except their pushes (names the field and both values);
// interpolations beside other pushes, because their epsilon is a fraction.
void check_comparable(const std::vector<FamilyRun>& runs);

// Returns the gnuplot program with its data. `runs` has at least one; they are comparable, and each has points at the layer.
[[nodiscard]] std::string families_figure_script(const std::vector<FamilyRun>& runs,
                                                 const FamiliesFigureOptions& options);

}  // namespace tugline
