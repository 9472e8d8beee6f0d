#include "tugline/store/run_store.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sqlite3.h>

#include <algorithm>
#include <chrono>
#include <iterator>
#include <thread>
#include <utility>

#include "tugline/core/error.h"
#include "tugline/store/analysis_rows.h"
#include "tugline/store/checksums.h"
#include "tugline/store/example_rows.h"
#include "tugline/store/failure_rows.h"
#include "tugline/store/field_names.h"
#include "tugline/store/merge.h"
#include "tugline/store/response_rows.h"
#include "tugline/store/sidecars.h"
#include "tugline/store/sqlite_error.h"
#include "tugline/store/store_faults.h"
#include "tugline/store/store_file.h"
#include "tugline/store/unit_rows.h"
#include "tugline/store/writer_lock.h"

namespace tugline {

struct RunStore::Impl {
  std::filesystem::path path;
  std::unique_ptr<WriterLock> lock;  // absent for readers; outlives the connection
  std::unique_ptr<SQLite::Database> database;
  Provenance provenance;
  std::function<bool(double)> keep_waiting;
  std::chrono::steady_clock::time_point waits_since;
  bool gave_up = false;         // keep_waiting said so
  int64_t session = 0;          // 0 until this process has written something
  bool outgrows_shard = false;  // what is written is not the shard that the store holds

  // The session that a write belongs to; opened by the first write, so that resuming a finished run leaves no
  // trace.
  int64_t current_session() {
    if (session == 0) {
      session = insert_session(*database, provenance);
      if (outgrows_shard) remove_shard(*database);
    }
    return session;
  }

  // A sweep with nodes may find all its nodes in the store, as after a merge of shards. What the store lacks
  // of the grid is interpolated from now on.
  [[nodiscard]] bool requests_new_grid() const {
    const auto grid = provenance.find(field::kEpsilonsRequested);
    if (grid == provenance.end()) return false;
    SQLite::Statement found(*database, "SELECT 1 FROM meta WHERE name = ? AND value = ?");
    found.bind(1, grid->first);
    found.bind(2, grid->second);
    return !found.executeStep();
  }

  // `write` and a new session happen together or not at all.
  template <typename Write>
  void in_transaction(const char* action, Write&& write) {
    const int64_t session_before = session;
    try {
      guarded(path, action, [&] {
        SQLite::Transaction transaction(*database, SQLite::TransactionBehavior::IMMEDIATE);
        write();
        transaction.commit();
      });
    } catch (...) {
      session = session_before;
      if (std::exchange(gave_up, false)) {
        fail(ErrorCode::kInterrupted, "{}: interrupted while another program kept it locked", path.string());
      }
      throw;
    }
  }

  // SQLite's busy handler: 0 gives up. `calls` counts those of one wait.
  static int wait(void* self, int calls) {
    auto& impl = *static_cast<Impl*>(self);
    const auto now = std::chrono::steady_clock::now();
    if (calls == 0) {
      impl.waits_since = now;
    }
    impl.gave_up = !impl.keep_waiting(std::chrono::duration<double>(now - impl.waits_since).count());
    if (!impl.gave_up) {
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    return impl.gave_up ? 0 : 1;
  }
};

namespace {

void check_same_run(const std::filesystem::path& path, const RunIdentity& stored, const RunIdentity& wanted) {
  const std::vector<std::string> lines = differences(stored, wanted);
  if (!lines.empty()) {
    fail(ErrorCode::kConflict,
         "{}: holds a run of another configuration ({}, this one is {}); it differs in\n  {}\n"
         "Repeat the store's configuration to resume it, or give another file.",
         path.string(), stored.hash(), wanted.hash(), fmt::join(lines, "\n  "));
  }
}

}  // namespace

std::string sqlite_version() { return sqlite3_libversion(); }

RunStore::RunStore(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
RunStore::RunStore(RunStore&&) noexcept = default;
RunStore& RunStore::operator=(RunStore&&) noexcept = default;
RunStore::~RunStore() = default;

RunStore RunStore::create_or_resume(const std::filesystem::path& path, const RunIdentity& identity,
                                    const Provenance& provenance, const Shard& shard) {
  auto impl = std::make_unique<Impl>();
  impl->path = resolved_store_path(path);
  impl->provenance = provenance;
  check_store_path(impl->path);
  remove_leftovers(impl->path);
  impl->lock = std::make_unique<WriterLock>(impl->path);
  if (is_new_store(impl->path)) {
    create_store_file(impl->path, identity, [&](SQLite::Database& database) {
      insert_shard(database, shard);
      insert_session(database, provenance);
    });
    impl->session = 1;
  }
  impl->database = open_store_file(impl->path, StoreAccess::kWrite);
  check_same_run(impl->path,
                 guarded(impl->path, "read its identity", [&] { return read_identity(*impl->database); }),
                 identity);
  RunStore store(std::move(impl));
  store.impl_->outgrows_shard = store.shard() != shard && !store.shard().is_whole();
  store.check_everything();
  return store;
}

void RunStore::check_path(const std::filesystem::path& path) {
  const std::filesystem::path resolved = resolved_store_path(path);
  check_store_path(resolved);
  if (!is_new_store(resolved)) (void)open_store_file(resolved, StoreAccess::kRead);
}

bool RunStore::is_there(const std::filesystem::path& path) {
  return !is_new_store(resolved_store_path(path));
}

RunStore RunStore::open_read_only(const std::filesystem::path& path) {
  auto impl = std::make_unique<Impl>();
  impl->path = resolved_store_path(path);
  remove_leftovers(impl->path);
  impl->database = open_store_file(impl->path, StoreAccess::kRead);
  return RunStore(std::move(impl));
}

RunStore RunStore::another_reader() const {
  auto impl = std::make_unique<Impl>();
  impl->path = impl_->path;
  impl->database = open_store_file(impl->path, StoreAccess::kReadAgain);
  return RunStore(std::move(impl));
}

RunStore RunStore::open_to_annotate(const std::filesystem::path& path) {
  auto impl = std::make_unique<Impl>();
  impl->path = resolved_store_path(path);
  remove_leftovers(impl->path);
  // Looked at before a lock file is made beside what may be no store at all.
  impl->database = open_store_file(impl->path, StoreAccess::kRead);
  impl->lock = std::make_unique<WriterLock>(impl->path);
  impl->database = open_store_file(impl->path, StoreAccess::kWrite);
  return RunStore(std::move(impl));
}

void RunStore::wait_for_others(std::function<bool(double seconds)> keep_waiting) {
  impl_->keep_waiting = std::move(keep_waiting);
  sqlite3_busy_handler(impl_->database->getHandle(), &Impl::wait, impl_.get());
}

void RunStore::check_everything() const {
  guarded(impl_->path, "check it", [&] {
    const SQLite::Transaction snapshot(*impl_->database);
    tugline::check_everything(impl_->path, *impl_->database);
  });
}

RunStore::Faults RunStore::faults(const std::function<bool(int64_t, int64_t)>& checked) const {
  return guarded(impl_->path, "check it", [&] {
    const SQLite::Transaction snapshot(*impl_->database);
    return Faults{.structure = structure_faults(*impl_->database),
                  .orphans = orphan_faults(*impl_->database),
                  .checksums = checksum_faults(impl_->path, *impl_->database, checked)};
  });
}

const std::filesystem::path& RunStore::path() const { return impl_->path; }

bool RunStore::has_example(const ExampleRecord& example) const {
  return guarded(impl_->path, "read an example",
                 [&] { return has_same_example(*impl_->database, example, impl_->path, {}); });
}

void RunStore::put_example(const ExampleRecord& example) { put_examples({example}, {}); }

void RunStore::put_skipped_span(const SkippedSpan& span) {
  impl_->in_transaction("write a skipped span", [&] { tugline::put_skipped_span(*impl_->database, span); });
}

void RunStore::put_examples(const std::vector<ExampleRecord>& examples,
                            const std::vector<SkippedSpan>& skipped) {
  impl_->in_transaction("write the examples", [&] {
    bool grows = false;
    for (const ExampleRecord& example : examples)
      grows = tugline::put_example(*impl_->database, example, impl_->path, {}) || grows;
    for (const SkippedSpan& span : skipped) tugline::put_skipped_span(*impl_->database, span);
    settle_reasons(*impl_->database);
    // The session says how many units are planned for new examples, and which grid was requested.
    if (grows || impl_->requests_new_grid()) impl_->current_session();
  });
}

void RunStore::put_unit(const UnitRecord& unit, const std::map<int32_t, std::string>& pieces) {
  check_storable(unit, impl_->path);
  impl_->in_transaction("write a unit", [&] {
    insert_tokens(*impl_->database, pieces);
    insert_unit(*impl_->database, impl_->current_session(), unit, impl_->path);
  });
}

void RunStore::put_audit(const UnitKey& key, size_t part, const AuditResult& audit) {
  impl_->in_transaction("write an audit", [&] {
    insert_audit(*impl_->database, impl_->current_session(), key, part, audit, impl_->path);
  });
}

void RunStore::put_failure(const FailedUnit& failed) {
  impl_->in_transaction("write a failed unit", [&] {
    FailedUnit numbered = failed;
    numbered.session = impl_->current_session();
    tugline::put_failure(*impl_->database, numbered);
  });
}

void RunStore::put_analysis(const std::vector<ResultTable>& tables) {
  impl_->in_transaction("write an analysis", [&] {
    drop_analysis(*impl_->database);
    for (const ResultTable& table : tables) insert_analysis_table(*impl_->database, table);
  });
}

std::map<int32_t, std::string> RunStore::tokens() const {
  return guarded(impl_->path, "read its tokens", [&] { return read_tokens(*impl_->database); });
}

bool RunStore::has_analysis() const {
  return guarded(impl_->path, "look for an analysis",
                 [&] { return tugline::has_analysis(*impl_->database); });
}

std::optional<ResultTable> RunStore::analysis_table(const std::string& name) const {
  return guarded(impl_->path, "read its analysis",
                 [&] { return read_analysis_table(*impl_->database, name, impl_->path); });
}

bool RunStore::has_unit(const UnitKey& key) const {
  return guarded(impl_->path, "look up a unit",
                 [&] { return !find_unit(*impl_->database, key, impl_->path).empty(); });
}

UnitParts RunStore::parts(const UnitKey& key) const {
  return guarded(impl_->path, "look up a unit",
                 [&] { return parts_of(find_unit(*impl_->database, key, impl_->path)); });
}

UnitMeasurement RunStore::measured(const UnitKey& key, size_t part) const {
  return guarded(impl_->path, "read a unit", [&] {
    size_t at = 0;
    for (StoredPart& row : find_unit(*impl_->database, key, impl_->path)) {
      if (row.audit_of || at++ != part) continue;
      return measured(row);
    }
    fail(ErrorCode::kNotFound, "{}: has no part {} of {}", impl_->path.string(), part, described(key));
  });
}

RunIdentity RunStore::identity() const {
  return guarded(impl_->path, "read its identity", [&] { return read_identity(*impl_->database); });
}

void RunStore::check_identity(const RunIdentity& wanted) const {
  check_same_run(impl_->path, identity(), wanted);
}

Shard RunStore::shard() const {
  return guarded(impl_->path, "read its shard", [&] { return read_shard(*impl_->database); });
}

std::map<int64_t, Provenance> RunStore::sessions_by_number() const {
  return guarded(impl_->path, "read its sessions", [&] {
    std::map<int64_t, Provenance> sessions;
    SQLite::Statement numbers(*impl_->database, "SELECT session FROM sessions");
    while (numbers.executeStep()) {
      sessions[numbers.getColumn(0).getInt64()];
    }
    SQLite::Statement facts(*impl_->database, "SELECT session, name, value FROM meta NOT INDEXED");
    while (facts.executeStep()) {
      sessions[facts.getColumn(0).getInt64()][facts.getColumn(1).getString()] =
          facts.getColumn(2).getString();
    }
    return sessions;
  });
}

std::vector<Provenance> RunStore::sessions() const {
  std::vector<Provenance> ordered;
  for (auto& [number, session] : sessions_by_number()) {
    const auto command = session.find(field::kCommand);
    if (command == session.end() || command->second != kMergeCommand) ordered.push_back(session);
  }
  return ordered;
}

Provenance RunStore::meta() const {
  Provenance all;
  for (const Provenance& session : sessions()) {
    for (const auto& [name, value] : session) {
      all[name] = value;
    }
  }
  return all;
}

std::vector<ExampleRecord> RunStore::examples() const {
  return guarded(impl_->path, "read its examples", [&] { return read_examples(*impl_->database); });
}

std::vector<SkippedSpan> RunStore::skipped_spans() const {
  return guarded(impl_->path, "read its skipped spans", [&] { return read_skipped_spans(*impl_->database); });
}

std::vector<FailedUnit> RunStore::failures() const {
  return guarded(impl_->path, "read its failed units", [&] { return read_failures(*impl_->database); });
}

std::vector<UnitKey> RunStore::unit_keys() const {
  return guarded(impl_->path, "read its units", [&] { return read_unit_keys(*impl_->database); });
}

std::map<UnitKey, TokenRange> RunStore::span_places() const {
  return guarded(impl_->path, "read its spans", [&] { return read_span_places(*impl_->database); });
}

std::vector<UnitRecord> RunStore::units() const {
  return guarded(impl_->path, "read its units", [&] {
    const SQLite::Transaction snapshot(*impl_->database);
    return read_units(*impl_->database, impl_->path);
  });
}

std::vector<StoredPart> RunStore::stored_parts() const {
  return guarded(impl_->path, "read its units", [&] {
    const SQLite::Transaction snapshot(*impl_->database);
    return read_parts(*impl_->database, impl_->path);
  });
}

UnitMeasurement RunStore::measured(const StoredPart& part) const {
  return guarded(impl_->path, "read a unit",
                 [&] { return read_measurement(*impl_->database, part, impl_->path); });
}

std::vector<ResponseRecord> RunStore::responses(const UnitKey& key, RowValues values) const {
  return guarded(impl_->path, "read responses", [&] {
    const std::vector<StoredPart> parts = find_unit(*impl_->database, key, impl_->path);
    if (parts.empty()) {
      fail(ErrorCode::kNotFound, "{}: has no unit {}", impl_->path.string(), described(key));
    }
    if (parts.size() == 1)  // in that order already
      return read_responses(*impl_->database, parts.front(), impl_->path, values);
    std::vector<ResponseRecord> all;
    for (const StoredPart& part : parts) {
      std::vector<ResponseRecord> of_part = read_responses(*impl_->database, part, impl_->path, values);
      std::move(of_part.begin(), of_part.end(), std::back_inserter(all));
    }
    std::stable_sort(all.begin(), all.end(), [](const ResponseRecord& a, const ResponseRecord& b) {
      return std::pair(a.direction, a.epsilon) < std::pair(b.direction, b.epsilon);
    });
    return all;
  });
}

}  // namespace tugline
