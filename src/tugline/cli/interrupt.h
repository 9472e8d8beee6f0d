// Ctrl-C: the first one asks the work to stop after the batch under way, with what is finished kept; a second one ends the
// process as usual.
#pragma once

namespace tugline {

void catch_interrupts();
[[nodiscard]] bool interrupted();

}  // namespace tugline
