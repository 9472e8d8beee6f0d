#include "tugline/store/merge.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "tugline/core/error.h"
#include "tugline/core/file_status.h"
#include "tugline/store/audit_bounds.h"
#include "tugline/store/example_rows.h"
#include "tugline/store/failure_rows.h"
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

// What two measurements of one unit must have in common, whichever pushes they are of.
bool is_same_place(UnitRecord a, const UnitRecord& b) {
  constexpr double kRounding =
      1e-4;  // of the residual, which another machine may compute with other last digits
  if (std::abs(a.measured.rms - b.measured.rms) > kRounding * b.measured.rms) return false;
  a.measured.rms = b.measured.rms;
  a.measured.seconds = b.measured.seconds;
  a.measured.note = b.measured.note;
  a.measured.responses = b.measured.responses;
  a.audit = b.audit;
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

    std::map<int64_t, int64_t> sessions;  // by the input's numbers
    for (const auto& [number, session] : input.sessions_by_number()) sessions[number] = number_of(session);
    const Shard shard = input.shard();
    MergedInput merged{
        .path = input.path(),
        .shard = shard,
        .units_planned = count_in(input.meta(), shard.is_whole() ? field::kUnitsPlanned : field::kShardUnits),
        .has_analysis = input.has_analysis()};
    std::vector<StoredPart> unit;  // the rows of one
    const auto finish = [&] {
      if (unit.empty()) return;
      ++merged.units;
      if (!add_unit(input, unit, sessions)) ++merged.repeated;
      unit.clear();
    };
    for (StoredPart& row : input.stored_parts()) {
      if (!unit.empty() && unit.front().record.key != row.record.key) finish();
      unit.push_back(std::move(row));
    }
    finish();
    // Another input may have measured what failed in this one.
    for (FailedUnit& failed : input.failures()) {
      if (!input.has_unit(failed.key) && !find_unit(database_, failed.key, path_).empty()) continue;
      failed.session = sessions.at(failed.session);
      put_failure(database_, failed);
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

  // False if an earlier input had the unit.
  bool add_unit(const RunStore& input, const std::vector<StoredPart>& rows,
                const std::map<int64_t, int64_t>& sessions) {
    const UnitKey& key = rows.front().record.key;
    const bool is_new = find_unit(database_, key, path_).empty();
    if (is_new) origins_.emplace(key, Origin{input.path(), rows.front().record});
    const Origin& origin = origins_.at(key);
    if (!is_same_place(origin.record, rows.front().record)) refuse(input, key);
    const std::vector<ResponseRecord> earlier =
        is_new ? std::vector<ResponseRecord>() : read_all_responses(key);
    for (const StoredPart& row : rows) {
      if (row.audit_of) continue;
      StoredPart whole = row;
      whole.session = sessions.at(row.session);
      whole.record.measured = input.measured(row);
      add_part(input, std::move(whole), earlier);
    }
    add_audits(rows, sessions);
    return is_new;
  }

  // Pushes that an earlier input has must be the same; the others become parts.
  void add_part(const RunStore& input, StoredPart part, const std::vector<ResponseRecord>& earlier) {
    const UnitKey& key = part.record.key;
    std::map<std::pair<int32_t, double>, const ResponseRecord*> known;
    for (const ResponseRecord& response : earlier) known[{response.direction, response.epsilon}] = &response;
    for (const ResponseRecord& response : part.record.measured.responses) {
      const auto found = known.find({response.direction, response.epsilon});
      if (found != known.end() && *found->second != response) refuse(input, key);
    }
    const std::vector<StoredPart> there = find_unit(database_, key, path_);
    if (part.grid.size() == 0 && there.empty()) insert_unit(database_, part.session, part.record, path_);
    const std::vector<ResponseRecord> all = std::move(part.record.measured.responses);
    for (const PushGrid& grid : missing_grids(part.grid, parts_of(there))) {
      part.record.measured.responses.clear();
      for (const ResponseRecord& response : all)
        if (grid.holds(response.direction, response.epsilon))
          part.record.measured.responses.push_back(response);
      insert_unit(database_, part.session, part.record, path_);
      part.record.measured.seconds = 0;  // counted once
      part.record.audit = {};            // likewise
    }
  }

  // If both have a grid, the larger audit covers the smaller one's pushes too (probe/audit).
  void add_audits(const std::vector<StoredPart>& rows, const std::map<int64_t, int64_t>& sessions) {
    const UnitKey& key = rows.front().record.key;
    for (const StoredPart& row : rows) {
      if (row.audit_of) continue;
      AuditResult audit = row.record.audit;
      int64_t session = row.session;
      for (const StoredPart& more : rows) {
        if (more.audit_of != row.part) continue;
        audit.pushes += more.record.audit.pushes;
        take_larger(audit.disagreements, more.record.audit.disagreements);
        session = more.session;
      }
      const UnitParts there = parts_of(find_unit(database_, key, path_));
      for (size_t part = 0; part < there.size(); ++part) {
        if (there[part].grid != row.grid || there[part].audited >= audit.pushes) continue;
        audit.pushes -= there[part].audited;
        insert_audit(database_, sessions.at(session), key, part, audit, path_);
      }
    }
  }

  std::vector<ResponseRecord> read_all_responses(const UnitKey& key) const {
    std::vector<ResponseRecord> all;
    for (const StoredPart& row : find_unit(database_, key, path_))
      for (ResponseRecord& response : read_responses(database_, row, path_))
        all.push_back(std::move(response));
    return all;
  }

  [[noreturn]] void refuse(const RunStore& input, const UnitKey& key) const {
    fail(ErrorCode::kConflict,
         "{} and {} both hold {}, with other numbers: they were not measured alike (another machine, "
         "number of threads or version?). Merge only one of the two",
         origins_.at(key).input.string(), input.path().string(), described(key));
  }

  struct Origin {
    fs::path input;
    UnitRecord record;  // without its responses
  };

  fs::path path_;
  SQLite::Database& database_;
  std::map<Provenance, int64_t> sessions_;
  std::map<UnitKey, Origin> origins_;
};

void check_is_free(const fs::path& out) {
  check_store_path(out);
  if (fs::exists(link_status_of(out)))
    fail(ErrorCode::kConflict, "{}: is there already; merge makes a new store: give another name",
         out.string());
}

struct FirstInput {
  fs::path path;
  RunIdentity identity;
  Provenance facts;
};

void check_same_identity(const FirstInput& first, const RunStore& other) {
  const RunIdentity& one = first.identity;
  const RunIdentity two = other.identity();
  const std::vector<std::string> lines = differences(one, two, {first.path.string(), other.path().string()});
  if (!lines.empty())
    fail(ErrorCode::kConflict,
         "{} and {} are of two runs ({}, {}); they differ in\n  {}\nOnly parts of one run can be merged.",
         first.path.string(), other.path().string(), one.hash(), two.hash(), fmt::join(lines, "\n  "));
}

// Stores of one identity may still be of weights that differ in a few bytes.
void check_same_weights(const FirstInput& first, const RunStore& other) {
  for (const auto& [name, digest] : other.meta()) {
    const auto same = first.facts.find(name);
    if (name.starts_with(field::kWeightsDigest) && same != first.facts.end() && same->second != digest)
      fail(ErrorCode::kConflict,
           "{} and {} were measured with weights whose bytes differ ({} is {} and {}). Only parts of one run "
           "can be merged.",
           first.path.string(), other.path().string(), name, same->second, digest);
  }
}

// Opens one input at a time: a system lets a process open about a thousand files. Returns the identity of
// all.
RunIdentity check_inputs(const std::vector<fs::path>& paths) {
  std::optional<FirstInput> first;
  std::set<fs::path> seen;
  for (const fs::path& path : paths) {
    const RunStore input = RunStore::open_read_only(path);
    if (!seen.insert(input.path()).second) fail(ErrorCode::kUsage, "{}: is given twice", path.string());
    if (!first) first = FirstInput{input.path(), input.identity(), input.meta()};
    check_same_identity(*first, input);
    check_same_weights(*first, input);
    input.check_everything();
  }
  return first->identity;
}

}  // namespace

MergeReport merge_stores(const fs::path& out, const std::vector<fs::path>& paths, const Provenance& facts) {
  if (paths.empty()) fail(ErrorCode::kUsage, "there are no run stores to merge");
  const fs::path path = resolved_store_path(out);
  check_is_free(path);
  const RunIdentity identity = check_inputs(paths);
  remove_leftovers(path);
  const WriterLock lock(path);
  MergeReport report;
  create_store_file(path, identity, [&](SQLite::Database& database) {
    Merger merger(path, database);
    for (const fs::path& part : paths) {
      const RunStore input = RunStore::open_read_only(part);
      if (input.identity().fields != identity.fields)
        fail(ErrorCode::kConflict, "{}: was replaced while it was merged; merge again", part.string());
      report.inputs.push_back(merger.add(input));
      report.units += report.inputs.back().units - report.inputs.back().repeated;
      if (!report.units_planned) report.units_planned = count_in(input.meta(), field::kUnitsPlanned);
    }
    Provenance merge = facts;
    merge[field::kCommand] = kMergeCommand;
    insert_session(database, merge);
  });
  // Runs that are not shards of one were planned one by one.
  if (report.units_planned) report.units_planned = std::max(*report.units_planned, report.units);
  return report;
}

}  // namespace tugline
