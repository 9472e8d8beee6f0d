// Checks that a rollback journal, left by a killed writer, belongs to the store beside it. SQLite does not
// check this, and would write the journal's pages into any store of that name. The journal's layout is part
// of SQLite's file format (sqlite.org/fileformat2.html, "The Rollback Journal"). For the store's own sources.
#pragma once

#include <filesystem>

namespace tugline {

// Reads both files' headers before SQLite opens the store. Returns if there is no journal that SQLite would
// apply, or if the journal can belong to this store: its number of pages and its change counter are those of
// the store before its last transaction. Otherwise, or if the journal names other files, throws Error
// kConflict; throws kUnsupported if the store is in WAL mode, kIo if one of the files cannot be read.
void check_hot_journal(const std::filesystem::path& store);

}  // namespace tugline
