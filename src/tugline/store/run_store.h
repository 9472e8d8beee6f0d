// The run store: everything that a sweep measured, in one SQLite file that survives crashes and is readable
// from anywhere (schema.sql, docs/store.md). A sweep writes it unit by unit; summary, plot, report and export
// read it. It computes nothing.
//
// One writer at a time, any number of readers meanwhile. A unit is written in one transaction: a process
// killed at any moment leaves a store that holds whole units only. Not thread-safe: one thread uses a
// RunStore at a time. All functions throw Error: kIo if the system refuses (full disk, permissions,
// another writer), kInput if the file is damaged or belongs to another program.
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

struct StoredPart;

// The version of the library that keeps the store, such as "3.40.1".
[[nodiscard]] std::string sqlite_version();

class RunStore {
 public:
  // Makes the store, or opens an existing one of the same identity, which goes on or grows. A different
  // identity is an Error (kConflict) that names every field that differs with both values. A store of a shard
  // that another part is written to is for the whole run from then on. If making the store fails, no file is
  // left behind.
  [[nodiscard]] static RunStore create_or_resume(const std::filesystem::path& path,
                                                 const RunIdentity& identity, const Provenance& provenance,
                                                 const Shard& shard = {});
  // Throws the errors of create_or_resume that concern the path itself, before anything about the run is
  // known: no such folder, another program's file. Changes nothing.
  static void check_path(const std::filesystem::path& path);
  // True if there is a file that is not empty.
  [[nodiscard]] static bool is_there(const std::filesystem::path& path);
  [[nodiscard]] static RunStore open_read_only(const std::filesystem::path& path);
  // Opens this store once more, for another thread that reads at the same time. The file's structure is not
  // checked again.
  [[nodiscard]] RunStore another_reader() const;

  // Opens a finished or unfinished run as its only writer, to keep an analysis in it.
  [[nodiscard]] static RunStore open_to_annotate(const std::filesystem::path& path);

  RunStore(RunStore&&) noexcept;
  RunStore& operator=(RunStore&&) noexcept;
  ~RunStore();

  // Sets what happens while another program locks the store, as a reader with an open query does.
  // `keep_waiting` is called several times per second with the seconds waited so far. If it returns false,
  // the current write throws kInterrupted. By default a write throws kIo after 30 seconds.
  void wait_for_others(std::function<bool(double seconds)> keep_waiting);

  // Writing. Put an example before its units. If the store already has the example, it must have the same
  // content and token ids (else kConflict); repeating it changes nothing, except that an example which is
  // measured now is not skipped any more.
  void put_example(const ExampleRecord& example);
  void put_skipped_span(const SkippedSpan& span);  // repeating it replaces the reason
  // The same for many, in one transaction, because each transaction waits for the disk.
  void put_examples(const std::vector<ExampleRecord>& examples, const std::vector<SkippedSpan>& skipped);
  // A unit, or more pushes of one that the store has. Errors: kConflict if the store already has one of the
  // pushes; kInput if a value is not finite (SQLite has no NaN). `pieces`: the text of the tokens that its
  // lists name.
  void put_unit(const UnitRecord& unit, const std::map<int32_t, std::string>& pieces = {});
  // The audit of more pushes of a unit's part, by the part's place in parts().
  void put_audit(const UnitKey& key, size_t part, const AuditResult& audit);
  // Records that a unit could not be measured by this session, in place of an earlier reason. Measuring it,
  // or more of it, removes the record.
  void put_failure(const FailedUnit& failed);
  // Keeps the tables of an analysis, each as a new table "analysis_NAME", and removes those of an earlier
  // analysis, in one transaction. They are results and not measurements, so they change neither the run's
  // identity nor the schema's version.
  void put_analysis(const std::vector<ResultTable>& tables);

  // Reading. Everything is sorted by its key, in whatever order it was written.
  [[nodiscard]] bool has_unit(const UnitKey& key) const;  // or a part of it
  // What the store has of the unit.
  [[nodiscard]] UnitParts parts(const UnitKey& key) const;
  // A part of the unit, with its responses. Throws kNotFound if there is no such part.
  [[nodiscard]] UnitMeasurement measured(const UnitKey& key, size_t part) const;
  [[nodiscard]] RunIdentity identity() const;
  // Throws kConflict, as put_example does, if the store holds another example of this number.
  [[nodiscard]] bool has_example(const ExampleRecord& example) const;
  // Throws kConflict, as create_or_resume does, if the store holds another run.
  void check_identity(const RunIdentity& wanted) const;
  // The part of the run that the store is for.
  [[nodiscard]] Shard shard() const;
  // The commands that wrote measurements to the store, by number, in the order of writing.
  [[nodiscard]] std::map<int64_t, Provenance> sessions_by_number() const;
  // The same except merges, which measure nothing.
  [[nodiscard]] std::vector<Provenance> sessions() const;
  [[nodiscard]] Provenance meta() const;  // of sessions(); a later one's value wins
  [[nodiscard]] std::vector<ExampleRecord> examples() const;
  [[nodiscard]] std::vector<SkippedSpan> skipped_spans() const;
  [[nodiscard]] std::vector<FailedUnit> failures() const;
  [[nodiscard]] std::vector<UnitKey> unit_keys() const;
  // The tokens of each span that has a unit; the keys' layer is 0.
  [[nodiscard]] std::map<UnitKey, TokenRange> span_places() const;
  // Reads the whole file and throws kInput, which names it, if anything is not what was written
  // (store/checksums.h). Called when a run is resumed; other functions check what they read.
  void check_everything() const;
  // All that is wrong with the file, sentence by sentence: its structure, rows of what is not there, and
  // contents that are not what was written. `checked` is called after each unit; if it returns false, the
  // check ends with kInterrupted.
  struct Faults {
    std::vector<std::string> structure;
    std::vector<std::string> orphans;
    std::vector<std::string> checksums;
  };
  [[nodiscard]] Faults faults(const std::function<bool(int64_t units, int64_t all)>& checked) const;
  // Without their responses, which may not fit into memory all at once. The parts of a unit are one record.
  [[nodiscard]] std::vector<UnitRecord> units() const;
  // What the sessions measured of each unit, by key and part (store/unit_rows.h), without the responses.
  [[nodiscard]] std::vector<StoredPart> stored_parts() const;
  [[nodiscard]] UnitMeasurement measured(const StoredPart& part) const;  // with its responses
  // Sorted by direction, then epsilon. Throws kNotFound if there is no such unit.
  [[nodiscard]] std::vector<ResponseRecord> responses(const UnitKey& key,
                                                      RowValues values = RowValues::kRead) const;

  // The text of the tokens that responses and rows name: bytes, which may be a part of a character.
  [[nodiscard]] std::map<int32_t, std::string> tokens() const;

  [[nodiscard]] bool has_analysis() const;
  // One table of the stored analysis, with rows in the order of writing; no value if there is no such table.
  [[nodiscard]] std::optional<ResultTable> analysis_table(const std::string& name) const;

  [[nodiscard]] const std::filesystem::path& path() const;

 private:
  struct Impl;
  explicit RunStore(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace tugline
