// Plain result structs, which a sweep produces, the run store keeps, and stats and report read. They do not
// depend on the model or the probe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "tugline/core/ids.h"
#include "tugline/core/measures.h"
#include "tugline/store/push_grid.h"

namespace tugline {

// Everything that decides a run's numbers, as ordered name = value pairs (epsilons, seed, precision, hash of
// the weights and dataset ...). They are compared name by name when a run is resumed; a hash over all of them
// identifies the run.
struct RunIdentity {
  std::map<std::string, std::string> fields;
  [[nodiscard]] std::string hash() const;  // 16 hex digits over the sorted fields
};

// The names of the two compared runs in messages.
struct ComparedNames {
  std::string stored = "the store";
  std::string wanted = "this run";
};

// One "NAME: the store has A, this run B" for each field that differs, sorted by name; empty if the two are
// the same.
[[nodiscard]] std::vector<std::string> differences(const RunIdentity& stored, const RunIdentity& wanted,
                                                   const ComparedNames& titles = {});

// The part of a run that a process measures: part `number`, from 1, of `count` (probe/shard). It is not part
// of the run's identity, so shards of one run can be merged.
struct Shard {
  int64_t number = 1;
  int64_t count = 1;
  [[nodiscard]] bool is_whole() const { return count == 1; }
  bool operator==(const Shard&) const = default;
};

// "shard 2/4"; "the whole run".
[[nodiscard]] std::string described(const Shard& shard);

// Facts about a run that do not decide its numbers: version, machine, command line, names of
// files.
using Provenance = std::map<std::string, std::string>;

// A fact that is a count; no value if it is absent or not a number from 0 up.
[[nodiscard]] std::optional<int64_t> count_in(const Provenance& provenance, const std::string& name);

struct ExampleRecord {
  int64_t example = 0;  // index in the dataset
  std::string content_hash;
  std::string prompt;
  int64_t tokens = 0;
  std::string skipped;         // reason; empty where it was measured
  std::string token_ids = {};  // hash of the transcript's token ids, as they are run
  std::string id = {};         // the dataset's own name for it; empty if it has none
  bool operator==(const ExampleRecord&) const = default;
};

// A span of a measured example that could not be placed among the tokens.
struct SkippedSpan {
  int64_t example = 0;
  std::string span_kind;  // as in UnitKey
  int64_t chunk = -1;
  std::string reason;
  bool operator==(const SkippedSpan&) const = default;
};

// One (span, layer): the work that is computed, stored and resumed as one piece.
struct UnitKey {
  int64_t example = 0;
  // "anchor", "chunk"; an anchor's controls: "control_matched", "control_window", "control_offset_-8" and its
  // like
  std::string span_kind = {};
  int64_t chunk = -1;
  int32_t layer = 0;
  auto operator<=>(const UnitKey&) const = default;
};

// In a run with supplied vectors: distinguishes the vectors (kMain) from the random directions that are
// pushed as their null. Other runs have only kMain.
enum class DirectionSet { kMain, kNull };

// The response of one push: every measure of core/measures.h, by row and as the mean over the rows.
struct ResponseRecord {
  int32_t direction = 0;
  double epsilon = 0;
  DirectionSet set = DirectionSet::kMain;  // that the direction is of
  // Between the push's direction and the residual. Nothing if nothing was pushed.
  std::optional<double> cosine = {};
  ByMeasure<std::optional<double>> means = {};  // nothing where no row has a value
  // [readout rows] each; 0 if a row has no value. Lists (RowType::kTokens) are [readout rows, moved tokens,
  // 2]: token and change, -1 and 0 after a list's end. Empty for what the run does not ask for. What is
  // stored as f32 is f32's number.
  ByMeasure<std::vector<double>> rows = {};
  // kl's and each row's kl's, if the vocabulary was sampled. Nothing if it was computed whole.
  std::optional<double> kl_standard_error = {};
  std::vector<double> kl_rows_standard_error = {};
  // kl of the pushed position's own row, and the mean over the rows after it; nothing where none of them is
  // read.
  std::optional<double> kl_own_row = {};
  std::optional<double> kl_after = {};

  [[nodiscard]] double kl() const { return means[kKl].value(); }
  bool operator==(const ResponseRecord&) const = default;
};

// Whether ResponseRecord::rows and the rows' standard errors are read from a store, or left empty.
enum class RowValues { kRead, kSkip };

// What a push does to `rows` rows that have not moved; empty for what is not asked for.
[[nodiscard]] ByMeasure<std::vector<double>> unmoved_rows(size_t rows, const AskedMeasures& asked = {});

// The grid of responses; no value if they are not of every direction at every epsilon.
[[nodiscard]] std::optional<PushGrid> grid_of(const std::vector<ResponseRecord>& responses);

// The tokens that the responses' lists name.
[[nodiscard]] std::set<int32_t> moved_tokens_of(const std::vector<ResponseRecord>& responses);

// What is measured at one span and layer.
struct UnitMeasurement {
  int64_t position = 0;                  // of the push
  double rms = 0;                        // of the residual there
  std::vector<int64_t> rows = {};        // readout positions
  std::vector<int32_t> row_tokens = {};  // the realised next token of each row, which delta_logprob is about
  std::string note = {};                 // such as why the responses are exact zeros; empty mostly
  double seconds = 0;
  std::vector<ResponseRecord> responses = {};
  bool operator==(const UnitMeasurement&) const = default;
};

// What rerunning some of a unit's pushes in f64 found (docs/method.md, "Audit").
struct AuditResult {
  int64_t pushes = 0;
  // Each measure's largest among them. Nothing if none of them has a value.
  ByMeasure<std::optional<double>> disagreements = {};
  bool operator==(const AuditResult&) const = default;
};

// A unit as it is kept: its key, what the span is, what was measured there, and what the audit says of that.
// A unit that grew is measured in parts, each of which is such a record; read from a store, they are one.
struct UnitRecord {
  UnitKey key;
  TokenRange span;
  std::string span_text;
  bool sink;  // the push lands on a sink token (probe/sinks)
  UnitMeasurement measured;
  AuditResult audit;
  bool operator==(const UnitRecord&) const = default;
};

// A unit that could not be measured.
struct FailedUnit {
  UnitKey key;
  TokenRange span;
  std::string reason;   // a sentence: layer, operation, what is not finite
  int64_t session = 0;  // of a store: the command that failed last
  bool operator==(const FailedUnit&) const = default;
};

}  // namespace tugline
