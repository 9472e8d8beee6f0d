// A rollback journal that a killed writer left: is it of the store beside it? SQLite does not ask, and would write its pages into
// whatever store has the name. The journal's layout is part of SQLite's file format (sqlite.org/fileformat2.html, "The Rollback
// Journal"). For the store's own sources.
#pragma once

#include <filesystem>

namespace tugline {

// Reads both files' headers before SQLite opens the store. Returns if there is no journal that SQLite would play back, or it can
// be of this store: the number of pages and the change counter that it kept are those of the store before its last transaction.
// Throws Error kConflict if not, or if the journal names other files; kUnsupported if the store is in WAL mode.
void check_hot_journal(const std::filesystem::path& store);

}  // namespace tugline
