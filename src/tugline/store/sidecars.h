// The files beside a run store: SQLite's "-journal", "-wal" and "-shm", which SQLite applies to any file that
// has the store's name, and files that killed commands left. For the store's own sources.
#pragma once

#include <filesystem>

namespace tugline {

// Throws Error kConflict, which names each file, if one of SQLite's files is beside a store that does not
// exist yet: it belongs to a deleted or moved store.
void check_no_sidecars(const std::filesystem::path& store);

// Throws Error before SQLite opens an existing store: kConflict if the journal beside it was not written for
// this file in this state, or a write-ahead log is there (tugline makes none); kUnsupported if another
// program has changed the store to such a log.
void check_sidecars(const std::filesystem::path& store);

// Removes what killed commands left beside the store: unfinished stores and an abandoned lock. Does nothing
// while a writer has the lock. Never throws, because the folder may be read-only.
void remove_leftovers(const std::filesystem::path& store) noexcept;

// The name under which this process makes a store before it is renamed.
[[nodiscard]] std::filesystem::path unfinished_name(const std::filesystem::path& store);

// Removes an unfinished store and its journal.
void remove_unfinished(const std::filesystem::path& unfinished) noexcept;

}  // namespace tugline
