// Checks which existing files a command's output may replace; every command with an output uses it
// (docs/cli.md, "Output files"). It is called before the work begins. report/output_file then writes the
// file.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

namespace tugline {

enum class OutputKind {
  kRunStore,  // store/run_store checks an existing file
  kTable,     // of tugline export
  kFigure,    // SVG, PNG or PDF
  kVectors,   // of tugline vectors
  kPage,      // of tugline report
};

struct OutputRequest {
  std::string path;  // as the user gave it
  OutputKind kind = OutputKind::kTable;
  // What the command reads: files, FILE:TENSOR, and models as they were given (a directory stands for the
  // files in it). An empty name, or one that is not there, is passed over: the command itself says so.
  std::vector<std::string> inputs = {};
  bool force = false;
};

// Always refuses: a file that the command reads, also under another name (a link, another path); a run store;
// a model file; a file that SQLite keeps beside a store. Refuses without `force`: any other file that is not
// of the output's kind. Empty files, devices and pipes are accepted. Errors: kUsage, kConflict.
void check_output(const OutputRequest& request);

// The same for results on standard output, which must not be one of the inputs.
void check_standard_output(const std::vector<std::string>& inputs);

// Adds --force.
void add_force_option(CLI::App& command, bool& force);

}  // namespace tugline
