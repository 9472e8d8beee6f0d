// The run store: everything that a sweep measured, in one SQLite file that survives crashes and is readable
// from anywhere (schema.sql, docs/store.md). A sweep writes it unit by unit; summary, plot, report and export
// read it. It computes nothing.
//
// One writer at a time, any number of readers meanwhile. A unit is written in one transaction: a process
// killed at any moment leaves a store that holds whole units only. Not thread-safe: one thread uses a
// RunStore at a time. All functions throw Error: kIo where the system refuses (full disk, permissions,
// another writer), kInput where the file is damaged or another program's.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tugline/store/records.h"
#include "tugline/store/result_table.h"

namespace tugline {

class RunStore {
 public:
  // Makes the store, or opens an existing one of the same identity to go on with it. A different identity is
  // a kConflict that names every field that differs with both values, and so is another shard of the same run. Nothing is left
  // behind where making it fails.
  [[nodiscard]] static RunStore create_or_resume(const std::filesystem::path& path,
                                                 const RunIdentity& identity, const Provenance& provenance,
                                                 const Shard& shard = {});
  // Throws what create_or_resume would for the path itself, before anything is known of the run: no such folder, another
  // program's file. Changes nothing.
  static void check_path(const std::filesystem::path& path);
  // True if there is a file that is not empty.
  [[nodiscard]] static bool is_there(const std::filesystem::path& path);
  [[nodiscard]] static RunStore open_read_only(const std::filesystem::path& path);

  // Opens a finished or unfinished run to keep an analysis in it, as its one writer.
  [[nodiscard]] static RunStore open_to_annotate(const std::filesystem::path& path);

  RunStore(RunStore&&) noexcept;
  RunStore& operator=(RunStore&&) noexcept;
  ~RunStore();

  // What to do while another program keeps the store locked, as a reader with an open query does: `keep_waiting` is called some
  // times a second with the seconds waited so far. If it returns false, the write under way throws kInterrupted. Without this a
  // write throws kIo after 30 seconds.
  void wait_for_others(std::function<bool(double seconds)> keep_waiting);

  // Writing. The example comes before its units. An example that is there already must have the same content,
  // token ids and fate (kConflict); repeating it changes nothing.
  void put_example(const ExampleRecord& example);
  void put_skipped_span(const SkippedSpan& span);  // repeating it replaces the reason
  // The same for many, in one transaction: each of its own waits for the disk.
  void put_examples(const std::vector<ExampleRecord>& examples, const std::vector<SkippedSpan>& skipped);
  // kConflict where the unit is there already; kInput where a value is not finite (SQLite has no NaN).
  void put_unit(const UnitRecord& unit);
  // The text of tokens that units' lists name; repeating one changes nothing.
  void put_tokens(const std::map<int32_t, std::string>& pieces);
  // Keeps the tables of an analysis, each as a table "analysis_NAME" that is made here; those of an earlier analysis go, all
  // in one transaction. Results and not measurements: they change neither the run's identity nor the schema's version.
  void put_analysis(const std::vector<ResultTable>& tables);

  // Reading; everything comes sorted by its key, whatever order it was written in.
  [[nodiscard]] bool has_unit(const UnitKey& key) const;
  [[nodiscard]] RunIdentity identity() const;
  // kConflict, as put_example has it, if the store holds another example of this number.
  [[nodiscard]] bool has_example(const ExampleRecord& example) const;
  // kConflict, as create_or_resume has it, where the store holds another run.
  void check_identity(const RunIdentity& wanted) const;
  // The part of the run that the store is for.
  [[nodiscard]] Shard shard() const;
  // kConflict, as create_or_resume has it, where the store is for another part.
  void check_shard(const Shard& wanted) const;
  [[nodiscard]] std::vector<Provenance> sessions() const;  // in the order of writing
  [[nodiscard]] Provenance meta() const;                   // of all sessions; a later one's value wins
  [[nodiscard]] std::vector<ExampleRecord> examples() const;
  [[nodiscard]] std::vector<SkippedSpan> skipped_spans() const;
  [[nodiscard]] std::vector<UnitKey> unit_keys() const;
  // Reads all of the file and throws kInput, naming it, if anything is not what was written (store/checksums.h). Done when a run is
  // resumed; other reading checks what it reads.
  void check_everything() const;
  // Which of sessions() measured each unit.
  [[nodiscard]] std::map<UnitKey, size_t> unit_sessions() const;
  // Without their responses, which may not fit into memory all at once.
  [[nodiscard]] std::vector<UnitRecord> units() const;
  // By direction, then epsilon. kNotFound where the unit is not there.
  [[nodiscard]] std::vector<ResponseRecord> responses(const UnitKey& key) const;

  // The text of the tokens that responses name: bytes, which may be a part of a character.
  [[nodiscard]] std::map<int32_t, std::string> tokens() const;

  [[nodiscard]] bool has_analysis() const;
  // One table of the kept analysis, rows as they were put; nothing where there is no such table.
  [[nodiscard]] std::optional<ResultTable> analysis_table(const std::string& name) const;

  [[nodiscard]] const std::filesystem::path& path() const;

 private:
  struct Impl;
  explicit RunStore(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace tugline
