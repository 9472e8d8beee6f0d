#include "tugline/store/run_store.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <utility>

#include "tugline/core/error.h"
#include "tugline/store/analysis_rows.h"
#include "tugline/store/example_rows.h"
#include "tugline/store/sqlite_error.h"
#include "tugline/store/store_file.h"
#include "tugline/store/unit_rows.h"
#include "tugline/store/writer_lock.h"

namespace tugline {

struct RunStore::Impl {
  std::filesystem::path path;
  std::unique_ptr<WriterLock> lock;  // absent for readers; outlives the connection
  std::unique_ptr<SQLite::Database> database;
  Provenance provenance;
  int64_t session = 0;  // 0 until this process has written something

  // The session that a write belongs to; opened by the first write, so that resuming a finished run leaves no
  // trace.
  int64_t current_session() {
    if (session == 0) {
      session = insert_session(*database, provenance);
    }
    return session;
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
      throw;
    }
  }
};

namespace {

void check_same_run(const std::filesystem::path& path, const RunIdentity& stored, const RunIdentity& wanted) {
  const std::vector<std::string> lines = differences(stored, wanted);
  if (!lines.empty()) {
    fail(ErrorCode::kConflict,
         "{}: holds a run of another configuration ({}, this one is {}); it differs in\n  {}\n"
         "Repeat the store's configuration to go on with it, or give another file.",
         path.string(), stored.hash(), wanted.hash(), fmt::join(lines, "\n  "));
  }
}

void check_same_shard(const std::filesystem::path& path, const Shard& stored, const Shard& wanted) {
  if (stored == wanted || (stored.is_whole() && wanted.is_whole())) {
    return;
  }
  fail(ErrorCode::kConflict,
       "{}: holds {}, this is {}; {} to go on with it, or give another file (`tugline merge` joins shards)",
       path.string(), described(stored), described(wanted),
       stored.is_whole() ? "leave out --shard"
                         : fmt::format("give --shard {}/{}", stored.number, stored.count));
}

}  // namespace

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
  store.check_shard(shard);
  return store;
}

void RunStore::check_path(const std::filesystem::path& path) {
  const std::filesystem::path resolved = resolved_store_path(path);
  check_store_path(resolved);
  if (!is_new_store(resolved)) (void)open_store_file(resolved, StoreAccess::kRead);
}

RunStore RunStore::open_read_only(const std::filesystem::path& path) {
  auto impl = std::make_unique<Impl>();
  impl->path = resolved_store_path(path);
  impl->database = open_store_file(impl->path, StoreAccess::kRead);
  return RunStore(std::move(impl));
}

RunStore RunStore::open_to_annotate(const std::filesystem::path& path) {
  auto impl = std::make_unique<Impl>();
  impl->path = resolved_store_path(path);
  // Looked at before a lock file is made beside what may be no store at all.
  impl->database = open_store_file(impl->path, StoreAccess::kRead);
  impl->lock = std::make_unique<WriterLock>(impl->path);
  impl->database = open_store_file(impl->path, StoreAccess::kWrite);
  return RunStore(std::move(impl));
}

const std::filesystem::path& RunStore::path() const { return impl_->path; }

void RunStore::put_example(const ExampleRecord& example) {
  if (guarded(impl_->path, "read an example",
              [&] { return has_same_example(*impl_->database, example, impl_->path, {}); })) {
    return;
  }
  impl_->in_transaction("write an example", [&] { insert_example(*impl_->database, example); });
}

void RunStore::put_skipped_span(const SkippedSpan& span) {
  impl_->in_transaction("write a skipped span", [&] { insert_skipped_span(*impl_->database, span); });
}

void RunStore::put_unit(const UnitRecord& unit) {
  check_storable(unit, impl_->path);
  impl_->in_transaction("write a unit", [&] {
    if (find_unit(*impl_->database, unit.key)) {
      fail(ErrorCode::kConflict, "{}: has {} already", impl_->path.string(), described(unit.key));
    }
    insert_unit(*impl_->database, impl_->current_session(), unit);
  });
}

void RunStore::put_analysis(const std::vector<ResultTable>& tables) {
  impl_->in_transaction("write an analysis", [&] {
    drop_analysis(*impl_->database);
    for (const ResultTable& table : tables) insert_analysis_table(*impl_->database, table);
  });
}

bool RunStore::has_analysis() const {
  return guarded(impl_->path, "look for an analysis",
                 [&] { return tugline::has_analysis(*impl_->database); });
}

std::optional<ResultTable> RunStore::analysis_table(const std::string& name) const {
  return guarded(impl_->path, "read its analysis",
                 [&] { return read_analysis_table(*impl_->database, name); });
}

bool RunStore::has_unit(const UnitKey& key) const {
  return guarded(impl_->path, "look up a unit", [&] { return find_unit(*impl_->database, key).has_value(); });
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

void RunStore::check_shard(const Shard& wanted) const { check_same_shard(impl_->path, shard(), wanted); }

std::vector<Provenance> RunStore::sessions() const {
  return guarded(impl_->path, "read its sessions", [&] {
    std::map<int64_t, Provenance> sessions;
    SQLite::Statement select(
        *impl_->database,
        "SELECT sessions.session, name, value FROM sessions LEFT JOIN meta USING (session)");
    while (select.executeStep()) {
      Provenance& session = sessions[select.getColumn(0).getInt64()];
      if (!select.getColumn(1).isNull()) {
        session[select.getColumn(1).getString()] = select.getColumn(2).getString();
      }
    }
    std::vector<Provenance> ordered;
    for (auto& [number, session] : sessions) {
      ordered.push_back(std::move(session));
    }
    return ordered;
  });
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

std::vector<UnitKey> RunStore::unit_keys() const {
  return guarded(impl_->path, "read its units", [&] { return read_unit_keys(*impl_->database); });
}

std::map<UnitKey, size_t> RunStore::unit_sessions() const {
  return guarded(impl_->path, "read its units' sessions",
                 [&] { return read_unit_sessions(*impl_->database); });
}

std::vector<UnitRecord> RunStore::units() const {
  return guarded(impl_->path, "read its units", [&] { return read_units(*impl_->database); });
}

std::vector<ResponseRecord> RunStore::responses(const UnitKey& key) const {
  return guarded(impl_->path, "read responses", [&] {
    const auto unit = find_unit(*impl_->database, key);
    if (!unit) {
      fail(ErrorCode::kNotFound, "{}: has no unit {}", impl_->path.string(), described(key));
    }
    return read_responses(*impl_->database, *unit, impl_->path);
  });
}

}  // namespace tugline
