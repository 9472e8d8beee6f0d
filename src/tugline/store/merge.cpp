#include "tugline/store/merge.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <map>
#include <set>

#include "tugline/core/error.h"
#include "tugline/store/example_rows.h"
#include "tugline/store/field_names.h"
#include "tugline/store/response_rows.h"
#include "tugline/store/run_store.h"
#include "tugline/store/sidecars.h"
#include "tugline/store/store_file.h"
#include "tugline/store/unit_rows.h"
#include "tugline/store/writer_lock.h"

namespace tugline {
namespace fs = std::filesystem;
namespace {

// Compares everything except the time, which decides nothing.
bool is_same(UnitRecord a, UnitRecord b) {
  a.measured.seconds = b.measured.seconds;
  return a == b;
}

// Writes one input after the other into a new store, inside the caller's transaction.
class Merger {
 public:
  Merger(fs::path path, SQLite::Database& database) : path_(std::move(path)), database_(database) {}

  MergedInput add(const RunStore& input) {
    const ComparedNames titles{.stored = "an earlier input", .wanted = input.path().string()};
    for (const ExampleRecord& example : input.examples()) put_example(database_, example, path_, titles);
    for (const SkippedSpan& span : input.skipped_spans()) put_skipped_span(database_, span);
    settle_reasons(database_);
    insert_tokens(database_, input.tokens());

    std::vector<int64_t> sessions;
    for (const Provenance& session : input.sessions()) sessions.push_back(number_of(session));
    const std::map<UnitKey, size_t> session_of = input.unit_sessions();
    const Provenance meta = input.meta();
    const Shard shard = input.shard();
    MergedInput merged{
        .path = input.path(),
        .shard = shard,
        .units_planned = count_in(meta, shard.is_whole() ? field::kUnitsPlanned : field::kShardUnits),
        .has_analysis = input.has_analysis()};
    for (const UnitRecord& unit : input.units()) {
      ++merged.units;
      if (!add_unit(input, unit, sessions.at(session_of.at(unit.key)))) ++merged.repeated;
    }
    return merged;
  }

 private:
  // A session that two inputs have, since one began as a copy of the other, stays one.
  int64_t number_of(const Provenance& session) {
    const auto known = sessions_.find(session);
    if (known != sessions_.end()) return known->second;
    return sessions_[session] = insert_session(database_, session);
  }

  // False if an earlier input had the same unit.
  bool add_unit(const RunStore& input, const UnitRecord& unit, int64_t session) {
    const auto known = units_.find(unit.key);
    if (known == units_.end()) {
      UnitRecord whole = unit;
      whole.measured.responses = input.responses(unit.key);
      insert_unit(database_, session, whole);
      units_.emplace(unit.key, Origin{&input, unit});
      return true;
    }
    const auto& [first, theirs] = known->second;
    if (!is_same(theirs, unit) || first->responses(unit.key) != input.responses(unit.key))
      fail(ErrorCode::kConflict,
           "{} and {} both hold {}, with other numbers: they were not measured alike (another machine, "
           "number of threads or version?). Merge only one of the two",
           first->path().string(), input.path().string(), described(unit.key));
    return false;
  }

  struct Origin {
    const RunStore* input;
    UnitRecord unit;  // without its responses
  };

  fs::path path_;
  SQLite::Database& database_;
  std::map<Provenance, int64_t> sessions_;
  std::map<UnitKey, Origin> units_;
};

void check_is_free(const fs::path& out) {
  check_store_path(out);
  std::error_code error;
  if (fs::exists(fs::symlink_status(out, error)))
    fail(ErrorCode::kConflict, "{}: is there already; merge makes a new store: give another name",
         out.string());
}

void check_same_identity(const RunStore& first, const RunStore& other) {
  const RunIdentity one = first.identity();
  const RunIdentity two = other.identity();
  const std::vector<std::string> lines =
      differences(one, two, {first.path().string(), other.path().string()});
  if (!lines.empty())
    fail(ErrorCode::kConflict,
         "{} and {} are of two runs ({}, {}); they differ in\n  {}\nOnly parts of one run can be merged.",
         first.path().string(), other.path().string(), one.hash(), two.hash(), fmt::join(lines, "\n  "));
}

std::vector<RunStore> open_inputs(const std::vector<fs::path>& paths) {
  std::vector<RunStore> inputs;
  std::set<fs::path> seen;
  for (const fs::path& path : paths) {
    inputs.push_back(RunStore::open_read_only(path));
    if (!seen.insert(inputs.back().path()).second)
      fail(ErrorCode::kUsage, "{}: is given twice", path.string());
    check_same_identity(inputs.front(), inputs.back());
    inputs.back().check_everything();
  }
  return inputs;
}

}  // namespace

MergeReport merge_stores(const fs::path& out, const std::vector<fs::path>& paths) {
  if (paths.empty()) fail(ErrorCode::kUsage, "there are no run stores to merge");
  const fs::path path = resolved_store_path(out);
  check_is_free(path);
  const std::vector<RunStore> inputs = open_inputs(paths);
  remove_leftovers(path);
  const WriterLock lock(path);
  MergeReport report;
  create_store_file(path, inputs.front().identity(), [&](SQLite::Database& database) {
    Merger merger(path, database);
    for (const RunStore& input : inputs) {
      report.inputs.push_back(merger.add(input));
      report.units += report.inputs.back().units - report.inputs.back().repeated;
      if (!report.units_planned) report.units_planned = count_in(input.meta(), field::kUnitsPlanned);
    }
  });
  return report;
}

}  // namespace tugline
