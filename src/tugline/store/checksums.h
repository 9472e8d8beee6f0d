// The store's checksums, kept in the store itself: a hash of each unit, and for each table the number of its
// rows and the sum of their hashes. They detect a flipped bit, an edited number, an extra or missing row, and
// pages of two states in one file. They are not a signature: somebody who wants to forge a store can. For the
// store's own sources.
//
// An index holds copies of its columns, which SQLite may read instead of the table. Queries that do not need
// an index's order are therefore NOT INDEXED, so that they return what was hashed.
//
// Hashes are FNV-1a over a row's values as SQLite returns them, each with its type and length. A change
// within one byte is always found.
#pragma once

#include <SQLiteCpp/SQLiteCpp.h>

#include <array>
#include <cstdint>
#include <filesystem>
#include <string>

namespace tugline {

// The tables whose rows are summed. The others are `units`, whose rows have their own checksums, and the
// tables that those cover.
inline constexpr std::array<const char*, 8> kHashedTables = {
    "identity", "shard", "sessions", "meta", "examples", "skipped_spans", "failed_units", "tokens"};

// These keep the checksums correct after a write. Call them in the transaction that writes.
void note_inserted(SQLite::Database& database, const char* table);  // the last row inserted
void note_row(SQLite::Database& database, const char* table,
              int64_t rowid);  // a row that was inserted or changed
void note_removal(SQLite::Database& database, const char* table,
                  int64_t rowid);                          // before it is deleted or changed
void note_unit(SQLite::Database& database, int64_t unit);  // all of its rows are there
void note_analysis_table(SQLite::Database& database, const std::string& table);  // all of its rows are there
void forget_analysis_table(SQLite::Database& database, const std::string& table);

// These check. They throw Error kInput, which names the table, if what is read differs from what was written;
// if a value's type is not the column's, also the column and row. Call them within a transaction, so that no
// commit comes between.
void check_tables(const std::filesystem::path& path,
                  SQLite::Database& database);  // all rows; of units only their keys
void check_unit(const std::filesystem::path& path, SQLite::Database& database,
                int64_t unit);  // its row and readout
void check_responses(const std::filesystem::path& path, SQLite::Database& database,
                     int64_t unit);  // its responses, without their rows
// The same for a caller that has hashed the unit's responses, all columns in the order of direction and
// epsilon, while it read them.
void check_responses(const std::filesystem::path& path, SQLite::Database& database, int64_t unit,
                     uint64_t found);
void check_packed_rows(const std::filesystem::path& path, SQLite::Database& database,
                       int64_t unit);  // its response_rows
void check_analysis_table(const std::filesystem::path& path, SQLite::Database& database,
                          const std::string& table);

// Checks the whole file: its structure and indexes, all of the above for every unit, and that every row's
// unit exists. A copy that was made while the store was written may mix pages of two states; it passes only
// if together they are one state.
void check_everything(const std::filesystem::path& path, SQLite::Database& database);

}  // namespace tugline
