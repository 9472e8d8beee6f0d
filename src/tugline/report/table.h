// The summary of a run for people (a table of layers and epsilons) and for programs (JSON).
#pragma once

#include <string>

#include "tugline/report/run_view.h"

namespace tugline {

// Header lines (model, data, readout, directions, what was skipped and why ...), then for each span kind a
// table: one line per epsilon, one column per layer, mean KL in nats +- its standard error. Plain text,
// UTF-8.
[[nodiscard]] std::string summary_text(const RunView& view);

// The same as one JSON object: identity, meta, examples, units, notes, curves.
[[nodiscard]] std::string summary_json(const RunView& view);

}  // namespace tugline
