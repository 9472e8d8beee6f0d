// Checks for options that take a number. They accept plain decimal numbers; the parser alone would also
// accept nan, inf, 0x1p0 and 0b1.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <string>

namespace tugline {

// Checks for CLI::Option::check. An integer, such as -3; a finite number, such as 0.5 or 1e-3.
[[nodiscard]] CLI::Validator integer_from(int64_t least, int64_t most);
// 0 to 2^64 - 1.
[[nodiscard]] CLI::Validator seed_number();
[[nodiscard]] CLI::Validator number_from(double least, double most);
[[nodiscard]] CLI::Validator finite_number();
// Finite and above 0.
[[nodiscard]] CLI::Validator positive_number();

// For CLI::Option::transform: a list's part without the spaces around it.
[[nodiscard]] std::string trimmed_text(const std::string& text);

}  // namespace tugline
