// The options for a dataset: its file, and the names of its fields.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <string>
#include <vector>

#include "tugline/data/dataset.h"
#include "tugline/options.h"

namespace tugline {

struct DataArguments {
  std::string path;                 // "-" is standard input
  std::vector<std::string> fields;  // NAME=FIELD
};

// Adds --field.
void add_field_option(CLI::App& command, DataArguments& arguments);

// The dataset that they name; of standard input, which is read then, the content.
[[nodiscard]] DataSource data_source(const DataArguments& arguments);

// Loads the dataset and prints its warnings on stderr. Errors: those of parse_field_names and load_dataset.
[[nodiscard]] Dataset load_data(const DataArguments& arguments);

}  // namespace tugline
