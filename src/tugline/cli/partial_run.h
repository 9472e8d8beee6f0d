// Says on stderr what report/part_warnings says of a store.
#pragma once

#include "tugline/store/run_store.h"

namespace tugline {

void warn_of_part(const RunStore& store);

}  // namespace tugline
