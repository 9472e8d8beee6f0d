// The dataset as commands are given it: its file, and which of its fields hold what.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <string>
#include <vector>

#include "tugline/data/dataset.h"

namespace tugline {

struct DataArguments {
  std::string path;                 // "-" is standard input
  std::vector<std::string> fields;  // NAME=FIELD
};

// Adds --field.
void add_field_option(CLI::App& command, DataArguments& arguments);

// Loads the dataset and says on stderr what is doubtful about it. Errors: those of parse_field_names and load_dataset.
[[nodiscard]] Dataset load_data(const DataArguments& arguments);

// What captions call it: the file's name without its folder.
[[nodiscard]] std::string data_name(const DataArguments& arguments);

// What decides which numbers a dataset gives: its bytes and the fields that are read.
[[nodiscard]] uint64_t hash_of_data(const DataArguments& arguments);

}  // namespace tugline
