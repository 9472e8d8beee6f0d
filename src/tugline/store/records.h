// Plain result structs: what a sweep produces, what the run store keeps, what stats and report read. No
// behaviour, no dependence on the model or the probe.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tugline/core/ids.h"

namespace tugline {

// Everything that decides a run's numbers, as ordered name = value pairs (epsilons, seed, precision, hash of
// the weights and dataset ...): compared name by name when a run is resumed, hashed as a whole to identify
// it.
struct RunIdentity {
  std::map<std::string, std::string> fields;
  [[nodiscard]] std::string hash() const;  // 16 hex digits over the sorted fields
};

// What messages call the two runs that are compared.
struct ComparedNames {
  std::string stored = "the store";
  std::string wanted = "this run";
};

// One "NAME: the store has A, this run B" a field that differs, in name order; empty where the two are the
// same.
[[nodiscard]] std::vector<std::string> differences(const RunIdentity& stored, const RunIdentity& wanted,
                                                   const ComparedNames& titles = {});

// The part of a run that a process measures, of `count` that the run is dealt into (probe/shard), numbered from 1. No part of the
// run's identity: shards of one run can be merged.
struct Shard {
  int64_t number = 1;
  int64_t count = 1;
  [[nodiscard]] bool is_whole() const { return count == 1; }
  bool operator==(const Shard&) const = default;
};

// "shard 2/4"; "the whole run".
[[nodiscard]] std::string described(const Shard& shard);

// What is worth knowing of a run and decides none of its numbers: version, machine, command line, names of
// files.
using Provenance = std::map<std::string, std::string>;

// A fact that is a number of something; nothing where it is absent or no number from 0 up.
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

// One (span, layer): the work that is computed, committed and resumed as one piece.
struct UnitKey {
  int64_t example = 0;
  // "anchor", "chunk"; an anchor's controls: "control_matched", "control_window", "control_offset_-8" and its like
  std::string span_kind = {};
  int64_t chunk = -1;
  int32_t layer = 0;
  auto operator<=>(const UnitKey&) const = default;
};

// Of a run along supplied vectors: the vectors, and the random directions that are pushed beside them as their null. All other runs have
// kMain only.
enum class DirectionSet { kMain, kNull };

// What a push does to each readout row, beside its KL: one value a row. In f32: the products that they come from carry no more digits.
struct RowMeasures {
  std::vector<float> kl_reverse = {};
  std::vector<float> js = {};
  std::vector<float> delta_logprob = {};  // 0 where a row has no next token
  std::vector<float> total_variation = {};
  std::vector<float> entropy_change = {};
  std::vector<uint8_t> top1_flip = {};  // 0 or 1

  // Those of `rows` rows that have not moved.
  [[nodiscard]] static RowMeasures zeros(size_t rows);
  bool operator==(const RowMeasures&) const = default;
};

// The response of one push, averaged over the readout rows, with its per-row values.
struct ResponseRecord {
  int32_t direction = 0;
  double epsilon = 0;
  double kl = 0;          // KL(pushed || base), nats, mean over rows
  double kl_reverse = 0;  // KL(base || pushed)
  double js = 0;          // Jensen-Shannon divergence, nats
  double top1_flips = 0;  // fraction of rows whose most likely token changed
  // mean change of the realised next token's log-probability; nothing where no row has a next token
  std::optional<double> delta_logprob = {};
  std::vector<double> kl_rows = {};  // per readout row
  RowMeasures by_row = {};           // the others, per readout row
  // Of kl and of each of kl_rows, where the vocabulary was sampled; nothing where it was computed whole.
  std::optional<double> kl_standard_error = {};
  std::vector<double> kl_rows_standard_error = {};
  double total_variation = 0;  // half of sum |p - q|, mean over rows
  double entropy_change = 0;   // H(pushed) - H(base), nats, mean over rows
  // kl of the pushed position's own row, and the mean over the rows after it; nothing where none of them is read.
  std::optional<double> kl_own_row = {};
  std::optional<double> kl_after = {};
  std::optional<double> cosine =
      {};  // of the push's direction to the residual; nothing where nothing was pushed
  DirectionSet set = DirectionSet::kMain;  // that the direction is of
  bool operator==(const ResponseRecord&) const = default;
};

struct UnitRecord {
  UnitKey key = {};
  TokenRange span = {};
  std::string span_text = {};
  int64_t position = 0;                  // of the push
  double rms = 0;                        // of the residual there
  bool sink = false;                     // the site is a sink token (probe/sinks)
  std::vector<int64_t> rows = {};        // readout positions
  std::vector<int32_t> row_tokens = {};  // the realised next token of each row, which delta_logprob is about
  std::string note = {};                 // such as why the responses are exact zeros; empty mostly
  double seconds = 0;
  int64_t audited = 0;  // pushes that were also rerun in f64 (docs/method.md, "Audit")
  std::optional<double> audit_disagreement = {};  // their largest |kl - kl_f64| / kl_f64; nothing without any
  std::vector<ResponseRecord> responses = {};
  bool operator==(const UnitRecord&) const = default;
};

}  // namespace tugline
