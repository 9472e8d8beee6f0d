// Ctrl-C (SIGINT) and SIGTERM, taken by a thread of their own. They are blocked in all others: some compute libraries
// point the stack register into a buffer while they multiply, and a signal handler on such a thread would write into it.
#pragma once

namespace tugline {

// Starts that thread. Called by the main thread before it starts any other, since threads inherit what is blocked. Until
// catch_interrupts a signal ends the process as usual. Errors: kIo if the system has no thread left.
void watch_interrupts();

// From now on the first signal asks the work to stop, with what is finished kept; a second one ends the process.
void catch_interrupts();
// Whether the work has been asked to stop. Thread-safe.
[[nodiscard]] bool interrupted();

}  // namespace tugline
