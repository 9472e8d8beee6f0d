#include "tugline/store/example_rows.h"

#include <fmt/format.h>

#include <optional>

#include "tugline/core/error.h"
#include "tugline/store/checksums.h"

namespace tugline {
namespace {

ExampleRecord example_of_row(SQLite::Statement& row) {
  return {.example = row.getColumn(0).getInt64(),
          .content_hash = row.getColumn(1).getString(),
          .prompt = row.getColumn(2).getString(),
          .tokens = row.getColumn(3).getInt64(),
          .skipped = row.getColumn(4).getString(),
          .token_ids = row.getColumn(5).getString(),
          .id = row.getColumn(6).getString()};
}

std::optional<ExampleRecord> find_example(SQLite::Database& database, int64_t example) {
  SQLite::Statement select(
      database,
      "SELECT example, content_hash, prompt, tokens, skipped, token_ids, id FROM examples WHERE example = ?");
  select.bind(1, example);
  if (!select.executeStep()) {
    return std::nullopt;
  }
  return example_of_row(select);
}

}  // namespace

bool has_same_example(SQLite::Database& database, const ExampleRecord& example,
                      const std::filesystem::path& path, const ComparedNames& titles) {
  const std::optional<ExampleRecord> stored = find_example(database, example.example);
  if (!stored) {
    return false;
  }
  const auto compare = [&](const char* name, const auto& before, const auto& now) {
    if (before != now) {
      fail(ErrorCode::kConflict,
           "{}: example {} has {} \"{}\" in {}, \"{}\" in {}; give the dataset that the run was swept over, "
           "or "
           "another file",
           path.string(), example.example, name, before, titles.stored, now, titles.wanted);
    }
  };
  compare("content hash", stored->content_hash, example.content_hash);
  compare("number of tokens", stored->tokens, example.tokens);
  if (stored->token_ids != example.token_ids) {
    fail(ErrorCode::kConflict,
         "{}: example {} was tokenized to other ids in {} than in {}: the model's tokenizer differs; give "
         "another "
         "file, or the tokenizer that the run began with",
         path.string(), example.example, titles.stored, titles.wanted);
  }
  return true;
}

namespace {

void set_reason(SQLite::Database& database, int64_t example, const std::string& reason) {
  note_removal(database, "examples", example);
  SQLite::Statement update(database, "UPDATE examples SET skipped = ? WHERE example = ?");
  update.bind(1, reason);
  update.bind(2, example);
  update.exec();
  note_row(database, "examples", example);
}

void insert_example(SQLite::Database& database, const ExampleRecord& example) {
  SQLite::Statement insert(
      database,
      "INSERT INTO examples (example, content_hash, prompt, tokens, skipped, token_ids, id) "
      "VALUES (?, ?, ?, ?, ?, ?, ?)");
  insert.bind(1, example.example);
  insert.bind(2, example.content_hash);
  insert.bind(3, example.prompt);
  insert.bind(4, example.tokens);
  insert.bind(5, example.skipped);
  insert.bind(6, example.token_ids);
  insert.bind(7, example.id);
  insert.exec();
  note_inserted(database, "examples");
}

}  // namespace

bool put_example(SQLite::Database& database, const ExampleRecord& example, const std::filesystem::path& path,
                 const ComparedNames& titles) {
  if (!has_same_example(database, example, path, titles)) {
    insert_example(database, example);
    return true;
  }
  if (example.skipped.empty() && !find_example(database, example.example)->skipped.empty())
    set_reason(database, example.example, "");
  return false;
}

void settle_reasons(SQLite::Database& database) {
  // In the order in which a plan lists kinds (text/spans, Span::Kind).
  SQLite::Statement first(database,
                          "SELECT reason FROM skipped_spans WHERE example = ? ORDER BY CASE span_kind WHEN "
                          "'anchor' THEN 0 WHEN 'chunk' THEN 1 WHEN 'control_matched' THEN 2 WHEN "
                          "'control_window' THEN 3 ELSE 4 END, rowid LIMIT 1");
  for (const ExampleRecord& example : read_examples(database)) {
    if (example.skipped.empty()) continue;
    first.bind(1, example.example);
    const std::string reason = first.executeStep() ? first.getColumn(0).getString() : example.skipped;
    first.reset();
    if (reason != example.skipped) set_reason(database, example.example, reason);
  }
}

std::vector<ExampleRecord> read_examples(SQLite::Database& database) {
  std::vector<ExampleRecord> examples;
  SQLite::Statement select(
      database,
      "SELECT example, content_hash, prompt, tokens, skipped, token_ids, id FROM examples ORDER BY example");
  while (select.executeStep()) {
    examples.push_back(example_of_row(select));
  }
  return examples;
}

void put_skipped_span(SQLite::Database& database, const SkippedSpan& span) {
  SQLite::Statement known(
      database, "SELECT rowid, reason FROM skipped_spans WHERE example = ? AND span_kind = ? AND chunk = ?");
  known.bind(1, span.example);
  known.bind(2, span.span_kind);
  known.bind(3, span.chunk);
  if (known.executeStep()) {
    if (known.getColumn(1).getString() == span.reason) {
      return;
    }
    note_removal(database, "skipped_spans", known.getColumn(0).getInt64());
  }
  known.reset();
  SQLite::Statement insert(
      database,
      "INSERT OR REPLACE INTO skipped_spans (example, span_kind, chunk, reason) VALUES (?, ?, ?, ?)");
  insert.bind(1, span.example);
  insert.bind(2, span.span_kind);
  insert.bind(3, span.chunk);
  insert.bind(4, span.reason);
  insert.exec();
  note_inserted(database, "skipped_spans");
}

std::vector<SkippedSpan> read_skipped_spans(SQLite::Database& database) {
  std::vector<SkippedSpan> spans;
  SQLite::Statement select(database,
                           "SELECT example, span_kind, chunk, reason FROM skipped_spans NOT INDEXED "
                           "ORDER BY example, span_kind, chunk");
  while (select.executeStep()) {
    spans.push_back({.example = select.getColumn(0).getInt64(),
                     .span_kind = select.getColumn(1).getString(),
                     .chunk = select.getColumn(2).getInt64(),
                     .reason = select.getColumn(3).getString()});
  }
  return spans;
}

}  // namespace tugline
