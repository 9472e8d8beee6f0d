// Makes the file of a run store completely or not at all, and opens it only if it is a run store. For the
// store's own sources.
#pragma once

#include <SQLiteCpp/SQLiteCpp.h>

#include <filesystem>
#include <functional>
#include <memory>

#include "tugline/store/records.h"

namespace tugline {

// kReadAgain: another connection of a process that has opened the store already, and checked the file's
// structure.
enum class StoreAccess { kRead, kReadAgain, kWrite };

// The absolute path without symbolic links, so that a file has one name, and no name has a special meaning
// for SQLite. Errors: kIo if the system cannot follow the path.
[[nodiscard]] std::filesystem::path resolved_store_path(const std::filesystem::path& path);

// Throws Error if there can be no store at `path`: its folder does not exist, it is not a plain file, or it
// does not exist but another store's sidecar files do.
void check_store_path(const std::filesystem::path& path);

// True if there is no file yet, or an empty one. Errors: kIo if the system cannot say.
[[nodiscard]] bool is_new_store(const std::filesystem::path& path);

// Makes a store with this identity under a name beside `path`, lets `fill` write the rest in the same
// transaction, then renames it to `path`. Throws Error kIo, or what `fill` throws, and leaves nothing behind.
void create_store_file(const std::filesystem::path& path, const RunIdentity& identity,
                       const std::function<void(SQLite::Database&)>& fill);

// Opens an existing store after checking that it is tugline's and of a schema this version knows.
[[nodiscard]] std::unique_ptr<SQLite::Database> open_store_file(const std::filesystem::path& path,
                                                                StoreAccess access);

[[nodiscard]] RunIdentity read_identity(SQLite::Database& database);

// Writes and reads the part of the run that the store is for. The whole run has no row.
void insert_shard(SQLite::Database& database, const Shard& shard);
void remove_shard(SQLite::Database& database);
[[nodiscard]] Shard read_shard(SQLite::Database& database);

// Adds a session with its provenance inside the caller's transaction; returns its number.
int64_t insert_session(SQLite::Database& database, const Provenance& provenance);

}  // namespace tugline
