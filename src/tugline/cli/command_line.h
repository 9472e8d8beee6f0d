// The program's command line: its commands, their help, and suggestions for mistyped names.
#pragma once

namespace tugline {

// Runs the command in the arguments; argv[0] is the program's name. Results, help and the version go to
// standard output. Throws Error (kUsage for an unknown command, option or value, with the nearest known one),
// and what the command throws.
void run_command_line(int argc, char** argv);

}  // namespace tugline
