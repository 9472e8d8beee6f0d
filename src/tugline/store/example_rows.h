// Writes examples and skipped spans as table rows and reads them back. For the store's own sources; the caller holds the transaction.
#pragma once

#include <SQLiteCpp/SQLiteCpp.h>

#include <filesystem>
#include <vector>

#include "tugline/store/records.h"

namespace tugline {

// True if the store already has the example. Throws Error kConflict if the stored one has another content, other token ids or another
// reason for being skipped; `path` and `titles` are for the message.
[[nodiscard]] bool has_same_example(SQLite::Database& database, const ExampleRecord& example,
                                    const std::filesystem::path& path, const ComparedNames& titles);

void insert_example(SQLite::Database& database, const ExampleRecord& example);
[[nodiscard]] std::vector<ExampleRecord> read_examples(SQLite::Database& database);

// Replaces the reason if the store already has the span; writes nothing if the reason is the same.
void put_skipped_span(SQLite::Database& database, const SkippedSpan& span);
[[nodiscard]] std::vector<SkippedSpan> read_skipped_spans(SQLite::Database& database);

}  // namespace tugline
