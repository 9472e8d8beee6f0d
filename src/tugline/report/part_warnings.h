// What a run store's reader must know, so that nobody mistakes its means for those of the run: that it holds
// one shard, that units failed, or what some of its spans lack.
#pragma once

#include <string>
#include <vector>

#include "tugline/store/run_store.h"

namespace tugline {

// Sentences that begin with the store's path; none if the store has all that it should.
[[nodiscard]] std::vector<std::string> part_warnings(const RunStore& store);

}  // namespace tugline
