// Sweeps a dataset into a run store, and reads a store: tables as columns, analyses, figures.
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

// One column of a table: whole numbers, numbers, or texts. A missing number is NaN, and a missing text is
// empty.
struct Column {
  std::string name = {};
  std::variant<std::vector<int64_t>, std::vector<double>, std::vector<std::string>> values = {};
  // [rows]: 1 if the value is missing, else 0; empty if no value is missing.
  std::vector<uint8_t> missing = {};
};

struct Table {
  std::string name = {};
  int64_t rows = 0;
  std::vector<Column> columns = {};
};

// A handle of a run store (docs/store.md). Every call opens the file, reads it and closes it, so that a sweep
// may continue meanwhile. All throw Error: kNotFound; kInput if the file is damaged or belongs to another
// program.
class TUGLINE_API Run {
 public:
  [[nodiscard]] static Run open(const std::filesystem::path& path);

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  // The settings that decide its numbers, and other facts (docs/formats.md, "A run's identity").
  [[nodiscard]] std::map<std::string, std::string> identity() const;
  [[nodiscard]] std::map<std::string, std::string> provenance() const;
  // The output of `tugline summary`, and of its --json.
  [[nodiscard]] std::string summary() const;
  [[nodiscard]] std::string summary_json() const;
  // Why its means may not be those of the whole run, in sentences: it is one shard, units failed, or spans
  // lack what others have. analyze, dose and save_report pass them to the watcher.
  [[nodiscard]] std::vector<std::string> warnings() const;

  // "curves", "distance", "responses", "rows", "units", "examples", "interpolated", "commands" (those that
  // measured or merged), "failures" (units that failed, with the reason): those of `tugline export`, with the
  // same columns and numbers. Errors (kUsage): another name.
  [[nodiscard]] Table table(const std::string& name) const;

  // Computes what `tugline analyze` computes, by the names of its tables; "answers" has the questions and
  // their answers in sentences. `data` is the dataset that was swept, for its metrics. If it is empty, they
  // are those of the stored analysis. Keeps the results for all spans and layers in the store, in place of an
  // earlier analysis, if the measure is "kl". Errors (kUsage): a measure, a kind of span or a layer that the
  // run lacks.
  enum class Keep { kNo, kYes };
  std::map<std::string, Table> analyze(const AnalysisSettings& settings = {}, const DataSource& data = {},
                                       Keep keep = Keep::kYes, const Watch& watch = {}) const;
  // The stored analysis; empty if there is none.
  [[nodiscard]] std::map<std::string, Table> analysis() const;

  // Computes what `tugline dose` computes: the table "doses", and with `tangents` "tangents" and
  // "effective_ranks". Errors (kUsage): settings out of range; a target that no curve reaches; tangents, if
  // the run has no tiny epsilon.
  [[nodiscard]] std::map<std::string, Table> dose(const DoseSettings& settings,
                                                  const Watch& watch = {}) const;
  // The same with further pushes, which the model makes: near the doses (`refine`), and tiny ones that the
  // run lacks (`tangents`). The run store does not change. `data` is the dataset that was swept. Errors: also
  // those of sweep; kConflict for another model or dataset.
  [[nodiscard]] std::map<std::string, Table> dose(const DoseSettings& settings, const LanguageModel& model,
                                                  const DataSource& data, const Watch& watch = {}) const;

  // Checks what `tugline verify` checks. The table "checks" has check, faults (their number) and result; the
  // table "faults" has check and fault, of each check at most 100. Errors: kInput if the file cannot be read
  // at all; kInterrupted.
  [[nodiscard]] std::map<std::string, Table> verify(const Watch& watch = {}) const;
  // The same, and measures some units again. Errors: also kConflict if the model's files or the dataset are
  // not the run's.
  [[nodiscard]] std::map<std::string, Table> verify(const VerifySettings& settings,
                                                    const LanguageModel& model, const DataSource& data,
                                                    const Watch& watch = {}) const;
  // Measures the run again, into a new store at `path`, or goes on with one that is not finished. What the
  // model or the dataset have otherwise than the run is no error: compare() shows it. Errors: those of sweep.
  Run rerun(const LanguageModel& model, const DataSource& data, const std::filesystem::path& path,
            const Watch& watch = {}) const;
  // How another run differs from this one, by table: "differences" (name, stored, again, decides), of
  // settings, files and examples, which decide numbers, and of facts that may change last digits; "measures"
  // (measure, largest, responses, beyond_bound), the largest absolute difference and the number of responses
  // that differ; "numbers" (one row: units, responses, different_responses, beyond_bound, different_units,
  // missing, same_bits, within_bound).
  [[nodiscard]] std::map<std::string, Table> compare(const Run& again, const Watch& watch = {}) const;

  // A figure's bytes: `format` is "svg", "png" or "pdf". Needs gnuplot.
  [[nodiscard]] std::string figure(const PlotSettings& settings = {},
                                   const std::string& format = "svg") const;
  // Writes a figure into a file, whose extension decides the format. The file is replaced completely or left
  // unchanged.
  void save_figure(const std::filesystem::path& path, const PlotSettings& settings = {}) const;

  // Writes the page of `tugline report`: one HTML file with the analysis, the curves, the transcripts and the
  // tables. `data` is the dataset that was swept; it may be empty. The file is replaced completely or left
  // unchanged. Errors (kUsage): nothing is measured yet.
  void save_report(const std::filesystem::path& path, const AnalysisSettings& settings = {},
                   const DataSource& data = {}, const Watch& watch = {}) const;

 private:
  explicit Run(std::filesystem::path path) : path_(std::move(path)) {}
  std::filesystem::path path_;
};

// Measures the dataset's spans into the run store at `path`, or adds to an earlier sweep of the same identity
// what it lacks. Errors: those of Trace::tug; kConflict for the store of another run (names what differs);
// kNothingToMeasure if every example is skipped; kInterrupted, which keeps every finished unit; kInput if a
// number is not finite (names layer and operation), unless the settings say to keep going.
TUGLINE_API Run sweep(const LanguageModel& model, const DataSource& data, const std::filesystem::path& path,
                      const SweepSettings& settings = {}, const Watch& watch = {});

}  // namespace tugline
