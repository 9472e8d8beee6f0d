// What some spans of a run lack and others of their kind have: after an interrupted growth, or in a run that
// was merged of unequal parts. Averages over such spans are over different ones at each point.
#pragma once

#include <string>
#include <vector>

#include "tugline/store/run_store.h"

namespace tugline {

// A sentence for each kind of span and layer; empty if nothing is missing. A layer that lacks what another
// layer has is not a gap, because each layer has its own curves.
[[nodiscard]] std::vector<std::string> gaps_of(const RunStore& store);

}  // namespace tugline
