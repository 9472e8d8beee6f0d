// What summaries, figures and pages say of a run, gathered from its store once: who measured what on what,
// what was skipped and why, and the curves. Formatting is table's and figure's.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "tugline/report/commands.h"
#include "tugline/stats/curves.h"
#include "tugline/store/records.h"
#include "tugline/store/run_store.h"

namespace tugline {

// Examples, or spans of examples, that were skipped for one reason.
struct SkipGroup {
  std::string reason;
  std::vector<int64_t> examples;  // sorted; one entry a skipped span, where spans are counted
};

// Units that bear the same note.
struct NoteGroup {
  std::string note;
  std::set<int32_t> layers;
  int64_t units = 0;
};

// Units that failed for one reason.
struct FailureGroup {
  std::string reason;
  std::vector<std::string> units;  // "example 3, anchor, chunk 7, layer 20", in the order of keys
};

// The smallest and the largest number that a unit has.
struct CountRange {
  int64_t least = 0;
  int64_t most = 0;
};

struct RunView {
  RunIdentity identity;
  std::vector<Provenance> sessions;
  Provenance meta;
  int64_t d_model = 0;
  int64_t units = 0;
  std::set<std::string> span_kinds;  // of the units
  std::set<int32_t> layers;          // likewise
  std::set<double> epsilons;         // likewise
  CountRange directions;             // of units that have pushes
  CountRange null_directions;        // likewise, of the random ones beside supplied vectors
  // A sentence for each kind of span and layer at which some spans lack what others have, as after an
  // interrupted growth.
  std::vector<std::string> gaps;
  Shard shard;                           // what the store is for
  std::optional<int64_t> units_planned;  // of the shard
  std::optional<int64_t> units_of_run;   // of all shards
  int64_t units_at_sinks = 0;            // whose push lands on a sink token
  std::vector<FailureGroup> failures;    // of units that failed
  int64_t units_failed = 0;
  int64_t examples_measured = 0;  // those with a unit at least
  std::map<int64_t, std::string>
      measured_contents;         // of these, a hash of the content and one of the token ids
  int64_t examples_waiting = 0;  // neither measured yet nor skipped
  int64_t audited = 0;           // pushes that were also rerun in f64
  ByMeasure<std::optional<double>>
      audit_disagreements{};       // of each measure their largest; nothing without any
  int64_t units_beyond_bound = 0;  // whose audit found more than it should
  std::vector<SkipGroup> skipped_examples;
  std::vector<SkipGroup> skipped_spans;
  std::vector<NoteGroup> notes;
  std::vector<CurvePoint> curves;
  std::vector<CommandRow> commands;  // empty unless view_with_commands made the view

  [[nodiscard]] int64_t examples_skipped() const;
  // An interpolation's epsilon is a fraction of the way to another residual. Another push's is a size.
  [[nodiscard]] bool epsilon_is_fraction() const;
  // True if the store says that there is more to measure than it holds.
  [[nodiscard]] bool is_unfinished() const;
};

// "8"; "4 to 8".
[[nodiscard]] std::string text_of(const CountRange& range);

// Reads the whole store, one unit at a time. Throws Error kInput where it lacks the model's width.
[[nodiscard]] RunView view_of(const RunStore& store);

// The same with the commands.
[[nodiscard]] RunView view_with_commands(const RunStore& store);

// The width of the residual stream. Throws as view_of does.
[[nodiscard]] int64_t width_of(const RunStore& store);

// Name and value of what a reader needs first, in order; facts that the store lacks are left out.
[[nodiscard]] std::vector<std::pair<std::string, std::string>> facts_of(const RunView& view);
// Likewise of how it was measured: program, files, machines, commands. What differs between commands is
// listed.
[[nodiscard]] std::vector<std::pair<std::string, std::string>> provenance_of(const RunView& view);
// The value of one of facts_of, by its name; empty if the store lacks it.
[[nodiscard]] std::string fact_of(const RunView& view, const std::string& name);

// "12 pushes rerun in f64, largest disagreement 3.1e-06", KL's; then how many units are beyond a bound, if
// any is. "no push rerun in f64".
[[nodiscard]] std::string audit_text(const RunView& view);

// "shard 1/4 of a run of 48 units"; empty where the store is for the whole run.
[[nodiscard]] std::string shard_text(const RunView& view);

// "2 units failed: <reason> (example 3, anchor, chunk 7, layer 20, ...)": the first units are named.
[[nodiscard]] std::string sentence_of(const FailureGroup& failures);

// "layer 29" or "layers 27, 29: <the note>".
[[nodiscard]] std::string sentence_of(const NoteGroup& note);

}  // namespace tugline
