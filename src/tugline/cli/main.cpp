// The program's entry point.
#include "tugline/cli/program.h"

int main(int argc, char** argv) { return tugline::run_program(argc, argv); }
