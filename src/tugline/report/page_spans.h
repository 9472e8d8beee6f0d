// What the page of `tugline report` shows of each span: its responses at one epsilon, by layer and row.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "tugline/report/page.h"
#include "tugline/store/run_store.h"

namespace tugline {

// Each example's spans, by example, sorted by kind and chunk. The first examples have their rows, as long
// as these are `most_numbers` numbers or fewer. `left_out` is set to the number of examples without them.
[[nodiscard]] std::map<int64_t, std::vector<PageSpan>> page_spans(const RunStore& store, double epsilon,
                                                                  int64_t most_numbers, int64_t& left_out);

}  // namespace tugline
