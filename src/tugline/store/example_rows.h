// Examples and skipped spans to table rows and back. For the store's own sources; the caller holds the transaction.
#pragma once

#include <SQLiteCpp/SQLiteCpp.h>

#include <filesystem>
#include <vector>

#include "tugline/store/records.h"

namespace tugline {

// True if the store has the example already. Throws Error kConflict if it has it with another content, other token ids or another
// fate: `path` and `titles` are for the message.
[[nodiscard]] bool has_same_example(SQLite::Database& database, const ExampleRecord& example,
                                    const std::filesystem::path& path, const ComparedNames& titles);

void insert_example(SQLite::Database& database, const ExampleRecord& example);
[[nodiscard]] std::vector<ExampleRecord> read_examples(SQLite::Database& database);

// Replaces the reason if the span is there already; writes nothing if that is the same.
void put_skipped_span(SQLite::Database& database, const SkippedSpan& span);
[[nodiscard]] std::vector<SkippedSpan> read_skipped_spans(SQLite::Database& database);

}  // namespace tugline
