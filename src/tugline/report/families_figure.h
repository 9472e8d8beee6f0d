// The figure that holds direction families and kinds of push against each other: KL against epsilon at one layer, a curve a run. The runs
// are sweeps of the same model over the same spans, which differ in their pushes only.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "tugline/report/figure.h"
#include "tugline/report/run_view.h"

namespace tugline {

// One of the runs, and where it is kept, for messages and for runs that are called the same.
struct FamilyRun {
  std::filesystem::path path;
  RunView view;
};

struct FamiliesFigureOptions {
  std::string span_kind = {};  // as span_kind_to_draw gives it for each of the runs
  int32_t layer = 0;
  FigureFormat format = FigureFormat::kSvg;
};

// A run of supplied vectors has a second curve, of the random directions beside them. What a run is called in the key: its direction family, or the file that its directions came from; its kind of push and what its directions
// are orthogonal to, where that is not the default.
[[nodiscard]] std::string family_name(const RunView& view);

// Errors (kUsage): runs that differ in anything but their pushes, naming the field and both values; interpolations beside other pushes,
// whose epsilon is another thing.
void check_comparable(const std::vector<FamilyRun>& runs);

// The gnuplot program with its data. `runs`: at least one; comparable. Each has points at the layer.
[[nodiscard]] std::string families_figure_script(const std::vector<FamilyRun>& runs,
                                                 const FamiliesFigureOptions& options);

}  // namespace tugline
