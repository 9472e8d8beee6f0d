// Parts of an analysis: some kinds of span, some layers. Its numbers stay those of the whole analysis.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tugline/stats/analysis.h"

namespace tugline {

struct AnalysisSelection {
  // Kinds of span; "chunks", "anchors" and "controls" (every kind of control) are words for kinds. Empty:
  // all.
  std::vector<std::string> spans = {};
  std::vector<int64_t> layers = {};  // empty: all
};

// What the analysis says about these spans and layers. A contrast is about the kind with which the anchor is
// compared, and about both of its layers. Errors (kUsage, the settings "spans" and "layers"): the run has
// none of that name or number; the message says what it has.
[[nodiscard]] Analysis selected(Analysis analysis, const AnalysisSelection& selection);

}  // namespace tugline
