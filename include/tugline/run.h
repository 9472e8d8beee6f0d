// Sweeps of a dataset into a run store, and what a store says: tables as columns, analyses, figures.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <variant>
#include <vector>

#include "tugline/error.h"
#include "tugline/language_model.h"
#include "tugline/options.h"

namespace tugline {

// One column of a table: whole numbers, numbers, or texts. A number that is not there is NaN, a text empty.
struct Column {
  std::string name = {};
  std::variant<std::vector<int64_t>, std::vector<double>, std::vector<std::string>> values = {};
  // [rows]: 1 where the value is not there; empty if every value is.
  std::vector<uint8_t> missing = {};
};

struct Table {
  std::string name = {};
  int64_t rows = 0;
  std::vector<Column> columns = {};
};

// A run store (docs/store.md). A handle: every call opens the file, reads it and closes it, so that a sweep may go on meanwhile. All
// throw Error: kNotFound, kInput for a file that is damaged or another program's.
class TUGLINE_API Run {
 public:
  [[nodiscard]] static Run open(const std::filesystem::path& path);

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  // What decides its numbers, and what is worth knowing besides (docs/formats.md, "A run's identity").
  [[nodiscard]] std::map<std::string, std::string> identity() const;
  [[nodiscard]] std::map<std::string, std::string> provenance() const;
  // What `tugline summary` prints, and its --json.
  [[nodiscard]] std::string summary() const;
  [[nodiscard]] std::string summary_json() const;

  // "curves", "distance", "responses", "rows", "units", "examples": those of `tugline export`, with the same columns and numbers. Errors
  // (kUsage): another name.
  [[nodiscard]] Table table(const std::string& name) const;

  // What `tugline analyze` computes, by the names of its tables. `data`: the dataset that was swept, for its metrics; may be empty.
  // Keeps the results in the store, in place of an earlier analysis.
  enum class Keep { kNo, kYes };
  std::map<std::string, Table> analyze(const AnalysisSettings& settings = {}, const DataSource& data = {},
                                       Keep keep = Keep::kYes, const Watch& watch = {}) const;
  // The kept analysis; empty if there is none.
  [[nodiscard]] std::map<std::string, Table> analysis() const;

  // A figure's bytes: `format` is "svg", "png" or "pdf". Needs gnuplot.
  [[nodiscard]] std::string figure(const PlotSettings& settings = {},
                                   const std::string& format = "svg") const;
  // Into a file, whose name's end says the format; it is replaced whole or left as it was.
  void save_figure(const std::filesystem::path& path, const PlotSettings& settings = {}) const;

 private:
  explicit Run(std::filesystem::path path) : path_(std::move(path)) {}
  std::filesystem::path path_;
};

// Measures the dataset's spans into the run store at `path`, or goes on where an earlier sweep of the same identity stopped. Errors: those of
// Trace::tug; kConflict for the store of another run, naming what differs; kNothingToMeasure if every example is skipped; kInterrupted,
// with every finished unit kept.
TUGLINE_API Run sweep(const LanguageModel& model, const DataSource& data, const std::filesystem::path& path,
                      const SweepSettings& settings = {}, const Watch& watch = {});

}  // namespace tugline
