// Manual pages, in the language of man(7), from the definitions that the parser has.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

namespace tugline {

// tugline(1).
[[nodiscard]] std::string man_page_of_all(const CLI::App& app);
// tugline-COMMAND(1).
[[nodiscard]] std::string man_page(const CLI::App& command);

}  // namespace tugline
