// Says what a merged run lacks.
#pragma once

#include <string>
#include <vector>

#include "tugline/store/merge.h"

namespace tugline {

// Sentences for the user; none if the run is complete.
[[nodiscard]] std::vector<std::string> missing_of(const MergeReport& report);

}  // namespace tugline
