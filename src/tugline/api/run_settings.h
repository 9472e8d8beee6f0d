// The settings of a run, read back from its store, so that more of its pushes can be made.
#pragma once

#include "tugline/options.h"
#include "tugline/store/run_store.h"

namespace tugline {

// The settings that give the run's identity, its kinds of spans and its directions; one layer, no epsilon, no
// audit. Errors (kUsage): the run's vectors were an array that is in no file.
[[nodiscard]] SweepSettings settings_of_run(const RunStore& store);

}  // namespace tugline
