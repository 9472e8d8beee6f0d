// Writes examples and skipped spans as table rows and reads them back. For the store's own sources; the
// caller holds the transaction.
#pragma once

#include <SQLiteCpp/SQLiteCpp.h>

#include <filesystem>
#include <vector>

#include "tugline/store/records.h"

namespace tugline {

// True if the store already has the example. Throws Error kConflict if the stored one has another content or
// other token ids; `path` and `titles` are for the message.
[[nodiscard]] bool has_same_example(SQLite::Database& database, const ExampleRecord& example,
                                    const std::filesystem::path& path, const ComparedNames& titles);

// Inserts the example if the store does not have it; true if it did not. An example that was skipped is not
// skipped any more if the record is not: other spans of it are measured now. Errors: those of
// has_same_example.
bool put_example(SQLite::Database& database, const ExampleRecord& example, const std::filesystem::path& path,
                 const ComparedNames& titles);
// Gives each skipped example the reason that one run over all kinds of spans gives it: that of its first
// skipped span. Call it after all examples and spans are put.
void settle_reasons(SQLite::Database& database);
[[nodiscard]] std::vector<ExampleRecord> read_examples(SQLite::Database& database);

// Replaces the reason if the store already has the span; writes nothing if the reason is the same.
void put_skipped_span(SQLite::Database& database, const SkippedSpan& span);
// By example, kind, chunk; also those of skipped examples.
[[nodiscard]] std::vector<SkippedSpan> read_skipped_spans(SQLite::Database& database);

}  // namespace tugline
