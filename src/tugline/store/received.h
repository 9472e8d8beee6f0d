// Protects against stores of unknown origin: settings of the connection, and checks of the file, before a
// query runs on it. For the store's own sources.
#pragma once

#include <SQLiteCpp/SQLiteCpp.h>

#include <filesystem>

namespace tugline {

// Turns on SQLite's defensive settings; call it before the first statement. They forbid triggers, views,
// attached files and extensions, do not trust the schema, and prevent statements that change the schema or
// the journal's mode in a way that damages the file.
void distrust(SQLite::Database& database);

// kNo: another connection has checked the file's structure.
enum class StructureCheck { kNo, kYes };

// Throws Error kInput, naming it, if the schema has anything that tugline does not create, lacks something
// that it does, or has it otherwise; if the file's structure is damaged, so that reading it might not end; or
// if its tables do not agree with their checksums (units' own contents are checked when they are read).
void check_contents(const std::filesystem::path& path, SQLite::Database& database, StructureCheck structure);

}  // namespace tugline
