#include "tugline/store/store_file.h"

#include <sqlite3.h>
#include <unistd.h>

#include <system_error>

#include "tugline/core/durable_rename.h"
#include "tugline/core/error.h"
#include "tugline/core/file_status.h"
#include "tugline/store/checksums.h"
#include "tugline/store/received.h"
#include "tugline/store/schema.h"
#include "tugline/store/sidecars.h"
#include "tugline/store/sqlite_error.h"

namespace tugline {
namespace fs = std::filesystem;
namespace {

// How long to wait for a reader (or, when reading, for a commit) to finish before giving up.
constexpr int kBusyMilliseconds = 30'000;

void configure(SQLite::Database& database, StoreAccess access) {
  database.setBusyTimeout(kBusyMilliseconds);
  database.exec("PRAGMA foreign_keys = ON");
  if (access != StoreAccess::kWrite) {
    database.exec("PRAGMA query_only = ON");
    return;
  }
  // A rollback journal and not a write-ahead log: between transactions the store is one file, so that it can
  // be copied while a sweep runs, and a reader needs no right to write.
  database.exec("PRAGMA journal_mode = DELETE");
  // Also waits until the folder knows that the journal is gone. Without that, a power cut could bring the
  // journal back, and the next command would undo a unit that was reported as finished.
  database.exec("PRAGMA synchronous = EXTRA");
}

void insert_identity(SQLite::Database& database, const RunIdentity& identity) {
  SQLite::Statement insert(database, "INSERT INTO identity (name, value) VALUES (?, ?)");
  for (const auto& [name, value] : identity.fields) {
    insert.bind(1, name);
    insert.bind(2, value);
    insert.exec();
    note_inserted(database, "identity");
    insert.reset();
  }
}

void write_new_store(const fs::path& path, const RunIdentity& identity,
                     const std::function<void(SQLite::Database&)>& fill) {
  SQLite::Database database(path.string(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
  distrust(database);
  configure(database, StoreAccess::kWrite);
  SQLite::Transaction transaction(database);
  database.exec(schema_sql());
  insert_identity(database, identity);
  fill(database);
  transaction.commit();
}

void check_is_ours(const fs::path& path, SQLite::Database& database) {
  const int id = database.execAndGet("PRAGMA application_id").getInt();
  if (id != kApplicationId) {
    fail(ErrorCode::kInput,
         "{}: is a SQLite file of another program (application_id {:#010x}, expected {:#010x} for a tugline "
         "run store); "
         "give another file",
         path.string(), static_cast<unsigned>(id), static_cast<unsigned>(kApplicationId));
  }
  const int version = database.execAndGet("PRAGMA user_version").getInt();
  if (version != kSchemaVersion) {
    fail(ErrorCode::kUnsupported, "{}: has run store schema {}, this tugline knows schema {}; {}",
         path.string(), version, kSchemaVersion,
         version > kSchemaVersion ? "use a newer tugline"
                                  : "use the older tugline that made it, or measure again into another file");
  }
}

// SQLite notices a missing page only when it comes to read it.
void check_is_whole(const fs::path& path, SQLite::Database& database) {
  const int64_t pages = database.execAndGet("PRAGMA page_count").getInt64();
  const int64_t expected = pages * database.execAndGet("PRAGMA page_size").getInt64();
  const uintmax_t found = size_of(path);
  if (found < static_cast<uintmax_t>(expected)) {
    fail(ErrorCode::kInput, "{}: is cut short: {} bytes, expected {}; copy it again", path.string(), found,
         expected);
  }
}

void check_plain_file(const fs::path& path) {
  const fs::file_status status = status_of(path);
  if (status.type() == fs::file_type::not_found) {
    fail(ErrorCode::kNotFound,
         "{}: there is no such file (expected a run store, as `tugline sweep -o` makes it)", path.string());
  }
  if (!fs::is_regular_file(status)) {
    fail(ErrorCode::kInput, "{}: is {}, expected a run store", path.string(),
         fs::is_directory(status) ? "a folder" : "not a plain file");
  }
}

}  // namespace

fs::path resolved_store_path(const fs::path& path) {
  std::error_code error;
  fs::path resolved = fs::weakly_canonical(fs::absolute(path), error);
  if (error)
    fail(ErrorCode::kIo, "{}: the system cannot follow the path: {}", path.string(), error.message());
  return resolved;
}

void check_store_path(const fs::path& path) {
  if (!fs::is_directory(status_of(path.parent_path()))) {
    fail(ErrorCode::kIo, "{}: cannot make a run store: {} is not a folder; make it first", path.string(),
         path.parent_path().string());
  }
  if (is_there(path)) {
    check_plain_file(path);
  }
  if (is_new_store(path)) {
    check_no_sidecars(path);
  }
}

bool is_new_store(const fs::path& path) { return !is_there(path) || size_of(path) == 0; }

void create_store_file(const fs::path& path, const RunIdentity& identity,
                       const std::function<void(SQLite::Database&)>& fill) {
  check_no_sidecars(path);
  const fs::path unfinished = unfinished_name(path);
  remove_unfinished(unfinished);
  try {
    guarded(path, "make the run store", [&] { write_new_store(unfinished, identity, fill); });
    check_no_sidecars(path);  // again: filling it may have taken long
    if (const std::error_code error = rename_durably(unfinished, path))
      fail(ErrorCode::kIo, "{}: cannot make the run store: {}", path.string(), error.message());
  } catch (...) {
    remove_unfinished(unfinished);
    throw;
  }
}

std::unique_ptr<SQLite::Database> open_store_file(const fs::path& path, StoreAccess access) {
  check_plain_file(path);
  if (is_new_store(path)) {
    fail(ErrorCode::kInput, "{}: is empty, expected a run store", path.string());
  }
  check_sidecars(path);
  return guarded(path, "open the run store", [&] {
    // Readers ask to write too: SQLite then undoes what a killed writer left half done, which a read-only
    // connection may not. It opens the file for reading if writing is forbidden.
    // One thread uses a store at a time, so that SQLite's own locks are left out.
    auto database =
        std::make_unique<SQLite::Database>(path.string(), SQLite::OPEN_READWRITE | SQLite::OPEN_NOMUTEX);
    database->setBusyTimeout(kBusyMilliseconds);
    distrust(*database);
    check_is_ours(path, *database);
    check_is_whole(path, *database);
    check_contents(path, *database,
                   access == StoreAccess::kReadAgain ? StructureCheck::kNo : StructureCheck::kYes);
    if (access == StoreAccess::kWrite && sqlite3_db_readonly(database->getHandle(), "main") == 1) {
      fail(ErrorCode::kIo, "{}: cannot write the run store: the file is read-only", path.string());
    }
    configure(*database, access);
    return database;
  });
}

RunIdentity read_identity(SQLite::Database& database) {
  RunIdentity identity;
  SQLite::Statement select(database, "SELECT name, value FROM identity NOT INDEXED");
  while (select.executeStep()) {
    identity.fields[select.getColumn(0).getString()] = select.getColumn(1).getString();
  }
  return identity;
}

void insert_shard(SQLite::Database& database, const Shard& shard) {
  if (shard.is_whole()) {
    return;
  }
  SQLite::Statement insert(database, "INSERT INTO shard (number, count) VALUES (?, ?)");
  insert.bind(1, shard.number);
  insert.bind(2, shard.count);
  insert.exec();
  note_inserted(database, "shard");
}

void remove_shard(SQLite::Database& database) {
  SQLite::Statement row(database, "SELECT rowid FROM shard");
  while (row.executeStep()) note_removal(database, "shard", row.getColumn(0).getInt64());
  database.exec("DELETE FROM shard");
}

Shard read_shard(SQLite::Database& database) {
  SQLite::Statement select(database, "SELECT number, count FROM shard");
  if (!select.executeStep()) {
    return {};
  }
  return {.number = select.getColumn(0).getInt64(), .count = select.getColumn(1).getInt64()};
}

int64_t insert_session(SQLite::Database& database, const Provenance& provenance) {
  database.exec("INSERT INTO sessions DEFAULT VALUES");
  const int64_t session = database.getLastInsertRowid();
  note_inserted(database, "sessions");
  SQLite::Statement insert(database, "INSERT INTO meta (session, name, value) VALUES (?, ?, ?)");
  for (const auto& [name, value] : provenance) {
    insert.bind(1, session);
    insert.bind(2, name);
    insert.bind(3, value);
    insert.exec();
    note_inserted(database, "meta");
    insert.reset();
  }
  return session;
}

}  // namespace tugline
