// Handles Ctrl-C (SIGINT) and SIGTERM in a separate thread. All other threads block them, because some
// compute libraries point the stack register into a buffer while they multiply, and a signal handler on such
// a thread would write into it.
#pragma once

#include <functional>

namespace tugline {

// Starts that thread. The main thread must call it before it starts any other, because threads inherit the
// blocked signals. Until catch_interrupts, a signal ends the process as usual. Errors: kIo if the system
// cannot start a thread.
void watch_interrupts();

// From now on, the first signal asks the work to stop and keep what is finished; a second one ends the
// process.
void catch_interrupts();
// The same for a session of many pieces of work: SIGINT asks the one under way to stop, however often it
// comes, and SIGTERM ends the process.
void catch_interrupts_of_session();
// Before each of these pieces: what was asked before it is forgotten.
void forget_interrupts();

// What is done before a signal ends the process, such as to set a terminal right. An empty function: nothing.
void before_signal_ends_process(std::function<void()> last);

// Whether the work has been asked to stop. Thread-safe.
[[nodiscard]] bool interrupted();

}  // namespace tugline
