// What is wrong with the values of a stored unit: ranges, sizes, sums.
#pragma once

#include <functional>
#include <set>
#include <string>

#include "tugline/store/unit_rows.h"

namespace tugline {

// What the run says about all its units.
struct UnitExpectations {
  std::string readout = {};       // of the identity
  bool is_estimated = false;      // from a sample of the vocabulary: a divergence may be below 0
  std::set<int32_t> tokens = {};  // whose text the store has
};

// Calls fault(sentence) for each fault of a part: a value that is not finite or outside its measure's range,
// a mean that is not that of its rows, a push of epsilon 0 that is no zero, rows that are not those of the
// readout. `measured` is the part's, with its responses.
void find_unit_faults(const StoredPart& part, const UnitMeasurement& measured,
                      const UnitExpectations& expected, const std::function<void(std::string)>& fault);

}  // namespace tugline
