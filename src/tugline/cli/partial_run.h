// Says on stderr that a store holds one shard of a run, what some of its spans lack, or that units failed, so
// that nobody mistakes its means for those of the run.
#pragma once

#include "tugline/store/run_store.h"

namespace tugline {

void warn_of_part(const RunStore& store);

}  // namespace tugline
