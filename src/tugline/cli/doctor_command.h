// `tugline doctor`: what this machine offers, the measured speed of its matrix products included.
#pragma once

#include <CLI/CLI.hpp>

namespace tugline {

void add_doctor_command(CLI::App& app);

}  // namespace tugline
