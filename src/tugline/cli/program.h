// The program from its arguments to its exit status: the command line's outermost layer, which turns what
// went wrong into a message.
#pragma once

namespace tugline {

// Returns the exit status (docs/cli.md): 0 done, 1 our bug, 2 bad usage or input, 3 nothing to measure, 130
// interrupted. Owns the process meanwhile: signals, standard streams, the log.
[[nodiscard]] int run_program(int argc, char** argv);

}  // namespace tugline
