// What the store holds, written down in the store itself: a hash of each unit, and for each table the number of its rows and the sum
// of their hashes. A flipped bit, an edited number, a row too many or too few, or pages of two states in one file do not agree with
// them. They are no signature: somebody who means to forge a store can. For the store's own sources.
//
// An index holds copies of its columns, and SQLite may read those: queries whose order is not an index's own are NOT INDEXED, so that
// what is returned is what was hashed.
//
// Hashes are FNV-1a over a row's values as SQLite gives them, each with its type and length: a change within one byte always shows.
#pragma once

#include <SQLiteCpp/SQLiteCpp.h>

#include <cstdint>
#include <filesystem>
#include <string>

namespace tugline {

// Tables whose rows are hashed one by one. Writing keeps them true: call these in the transaction that writes.
void note_inserted(SQLite::Database& database, const char* table);                // the last row inserted
void note_removal(SQLite::Database& database, const char* table, int64_t rowid);  // before it is deleted
void note_unit(SQLite::Database& database, int64_t unit);                         // all of its rows are there
void note_analysis_table(SQLite::Database& database, const std::string& table);   // all of its rows are there
void forget_analysis_table(SQLite::Database& database, const std::string& table);

// Checking. Throws Error kInput, naming the table, if what is read does not agree with what was written, and the column and row if a
// value's type is not the column's. Call within a transaction, so that no commit comes between.
void check_tables(const std::filesystem::path& path,
                  SQLite::Database& database);  // all, but of units only which there are
void check_unit(const std::filesystem::path& path, SQLite::Database& database,
                int64_t unit);  // its row and readout
void check_responses(const std::filesystem::path& path, SQLite::Database& database,
                     int64_t unit);  // its responses
void check_analysis_table(const std::filesystem::path& path, SQLite::Database& database,
                          const std::string& table);

// Everything in the file: its structure and indexes, all of the above for every unit, and that no row is of a unit that is not there.
// Pages of two states of a store, as a copy made while it was written has them, pass this only if together they are one state.
void check_everything(const std::filesystem::path& path, SQLite::Database& database);

}  // namespace tugline
