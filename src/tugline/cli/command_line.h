// The program's command line: its commands, their help, and answers to what is mistyped.
#pragma once

namespace tugline {

// Runs what the arguments say; argv[0] is the program's name. Results, help and the version go to standard output. Throws Error
// (kUsage for what is no command, option or value, naming it and what comes nearest), and what the command throws.
void run_command_line(int argc, char** argv);

}  // namespace tugline
