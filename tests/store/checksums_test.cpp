// Bits that flip, numbers that somebody edits, and files that hold pages of two states: none of it is read as
// what was measured.
#include "tugline/store/checksums.h"

#include <SQLiteCpp/SQLiteCpp.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <csignal>
#include <fstream>
#include <optional>
#include <random>
#include <thread>

#include "support/expect_error.h"
#include "support/made_runs.h"
#include "support/run_program.h"
#include "support/temporary_folder.h"
#include "tugline/store/merge.h"

namespace tugline {
namespace {

using std::filesystem::path;

constexpr size_t kPage = 4096;  // SQLite's

const ResultTable kMeans{
    .name = "means", .columns = {"span_kind", "kl"}, .rows = {{"anchor", 0.5}, {"chunk", 0.25}}};

void write_bytes(const path& file, const std::string& bytes) {
  std::ofstream(file, std::ios::binary) << bytes;
}

// All that any command reads.
struct Everything {
  std::map<std::string, std::string> identity;
  std::vector<Provenance> sessions;
  std::vector<ExampleRecord> examples;
  std::vector<SkippedSpan> skipped;
  std::vector<FailedUnit> failures;
  std::vector<UnitRecord> units;
  std::optional<ResultTable> means;
  Shard shard;
  bool operator==(const Everything&) const = default;
};

Everything contents(const RunStore& store) {
  Everything all{.identity = store.identity().fields,
                 .sessions = store.sessions(),
                 .examples = store.examples(),
                 .skipped = store.skipped_spans(),
                 .failures = store.failures(),
                 .units = store.units(),
                 .means = store.analysis_table("means"),
                 .shard = store.shard()};
  for (UnitRecord& unit : all.units) unit.measured.responses = store.responses(unit.key);
  return all;
}

// What reading gives, or nothing if it is refused.
std::optional<Everything> read(const path& file) {
  try {
    return contents(RunStore::open_read_only(file));
  } catch (const Error& e) {
    // kNotFound: a unit that the index lacks. All of them end a command with status 2.
    EXPECT_TRUE(e.code() == ErrorCode::kInput || e.code() == ErrorCode::kUnsupported ||
                e.code() == ErrorCode::kConflict || e.code() == ErrorCode::kNotFound)
        << e.what();
    return std::nullopt;
  }
}

std::optional<Everything> resume(const path& file, const RunIdentity& identity = made_identity()) {
  try {
    return contents(RunStore::create_or_resume(file, identity, {}));
  } catch (const Error&) {
    return std::nullopt;
  }
}

std::optional<Everything> merge(const path& out, const path& file) {
  std::filesystem::remove(out);
  try {
    (void)merge_stores(out, {file});
    return contents(RunStore::open_read_only(out));
  } catch (const Error&) {
    return std::nullopt;
  }
}

void make_run(const path& file) {
  make_small_run(file);
  RunStore store = RunStore::open_to_annotate(file);
  store.put_skipped_span({.example = 1, .span_kind = "chunk", .chunk = 9, .reason = "not there"});
  store.put_failure({.key = {.example = 1, .span_kind = "anchor", .chunk = 3, .layer = 99},
                     .span = {11, 13},
                     .reason = "not finite"});
  store.put_analysis({kMeans});
}

TEST(Checksums, AFlippedBitIsAnErrorOrChangesNothing) {
  const TemporaryFolder folder;
  const path run = folder / "run.db";
  make_run(run);
  const std::string whole = file_text(run);
  const Everything measured = read(run).value();
  Everything merged = measured;
  merged.means.reset();
  std::mt19937_64 random(11);
  int refused = 0;
  int same = 0;
  constexpr int kTrials = 120;
  for (int trial = 0; trial < kTrials; ++trial) {
    std::string bytes = whole;
    // Half of them in bytes that are not 0, which are where the data is.
    size_t place = random() % bytes.size();
    while (trial % 2 == 0 && bytes[place] == 0) place = random() % bytes.size();
    bytes[place] = static_cast<char>(bytes[place] ^ 1 << random() % 8);
    write_bytes(run, bytes);
    const auto found = read(run);
    ASSERT_TRUE(!found || *found == measured) << "byte " << place;
    (found ? same : refused)++;
    write_bytes(run, bytes);
    const auto joined = merge(folder / "out.db", run);
    ASSERT_TRUE(!joined || *joined == merged) << "byte " << place;
    write_bytes(run, bytes);
    const auto resumed = resume(run);
    ASSERT_TRUE(!resumed || *resumed == measured) << "byte " << place;
  }
  std::printf("of %d flipped bits %d were refused, %d changed nothing\n", kTrials, refused, same);
  EXPECT_GT(refused, kTrials / 4);
}

// By SQL, each value of each table in turn.
TEST(Checksums, AnEditedValueIsAnError) {
  const TemporaryFolder folder;
  const path run = folder / "run.db";
  make_run(run);
  const std::string whole = file_text(run);
  std::vector<std::pair<std::string, std::string>> columns;
  {
    const SQLite::Database database(run);
    SQLite::Statement select(
        database,
        "SELECT m.name, c.name FROM sqlite_master m, pragma_table_info(m.name) c WHERE m.type = 'table'");
    while (select.executeStep())
      columns.emplace_back(select.getColumn(0).getString(), select.getColumn(1).getString());
  }
  EXPECT_GT(columns.size(), 55U);
  for (const auto& [table, column] : columns) {
    if (table == "shard" || table == "tokens") continue;  // have no row
    // Another value of the column's type: one more, or one byte more.
    const std::string edit = fmt::format(
        "UPDATE {0} SET {1} = CASE typeof({1}) WHEN 'text' THEN {1} || 'x' WHEN 'blob' THEN CAST({1} || "
        "x'01' AS BLOB) "
        "WHEN 'null' THEN 1 ELSE {1} + 1 END WHERE ({1}) IN (SELECT MAX({1}) FROM {0}) OR {1} IS NULL",
        table, column);
    write_bytes(run, whole);
    SQLite::Database(run, SQLite::OPEN_READWRITE).exec(edit);
    EXPECT_FALSE(file_text(run) == whole) << edit;
    EXPECT_FALSE(read(run)) << table << "." << column;
  }
  for (const char* edit :
       {"DELETE FROM units WHERE unit = 1", "DELETE FROM responses WHERE unit = 1 AND direction = 1",
        "DELETE FROM readout_rows WHERE unit = 2",
        "DELETE FROM response_rows WHERE unit = 1 AND measure = 'js'",
        "DELETE FROM examples WHERE example = 2", "DELETE FROM skipped_spans", "DELETE FROM meta",
        "DELETE FROM identity",
        "DELETE FROM units; DELETE FROM responses; DELETE FROM response_rows; DELETE FROM readout_rows",
        "INSERT INTO shard VALUES (1, 2)", "INSERT INTO tokens VALUES (1, 'a')",
        "INSERT INTO sessions DEFAULT VALUES", "DELETE FROM checksums",
        "CREATE TEMP TABLE more AS SELECT * FROM responses WHERE unit = 2 AND direction = 1; "
        "UPDATE more SET direction = 9; INSERT INTO responses SELECT * FROM more",
        "DELETE FROM analysis_means WHERE kl = 0.25"}) {
    write_bytes(run, whole);
    SQLite::Database(run, SQLite::OPEN_READWRITE).exec(edit);
    EXPECT_FALSE(read(run)) << edit;
  }
}

TEST(Checksums, AValueOfAnotherTypeIsNamedByTableColumnAndRow) {
  const TemporaryFolder folder;
  const path run = folder / "run.db";
  for (const auto& [edit, words] : std::map<std::string, std::string>{
           {"UPDATE units SET rms = 'many' WHERE unit = 2",
            "units.rms of row (2, 1, 0) is text, expected a number"},
           {"UPDATE responses SET kl = x'00' WHERE unit = 1 AND direction = 1 AND epsilon = 2",
            "responses.kl of row (1, 1, 2.0) is bytes, expected a number"},
           {"UPDATE responses SET direction = 0.5 WHERE unit = 1 AND direction = 1 AND epsilon = 2",
            "responses.direction of row (1, 0.5, 2.0) is a number, expected a whole number"},
           {"UPDATE responses SET kl = 9e999 WHERE unit = 1 AND direction = 1 AND epsilon = 2",
            "responses.kl of row (1, 1, 2.0) is infinite"},
           {"UPDATE readout_rows SET token = 'a' WHERE unit = 1 AND ordinal = 1",
            "readout_rows.token of row (1, 1, 11) is text, expected a whole number"},
           {"UPDATE examples SET tokens = x'01' WHERE example = 1",
            "examples.tokens of row (1, 00ff1, What is"}}) {
    std::filesystem::remove(run);
    make_run(run);
    SQLite::Database(run, SQLite::OPEN_READWRITE).exec(edit);
    const Error e = error_of([&] { (void)contents(RunStore::open_read_only(run)); });
    EXPECT_EQ(e.code(), ErrorCode::kInput);
    EXPECT_NE(std::string(e.what()).find(words), std::string::npos) << e.what() << "\nshould say: " << words;
  }
}

TEST(Checksums, KeepsThemTrueWhateverIsWritten) {
  const TemporaryFolder folder;
  const path run = folder / "run.db";
  make_run(run);
  RunStore store = RunStore::create_or_resume(run, made_identity(), {{"machine", "two"}});
  store.put_skipped_span({.example = 1, .span_kind = "chunk", .chunk = 9, .reason = "for another reason"});
  store.put_skipped_span({.example = 1, .span_kind = "chunk", .chunk = 9, .reason = "for another reason"});
  store.put_unit(made_unit(0, 21, 1));
  store.put_analysis({});
  store.put_analysis({kMeans});
  store.check_everything();
  EXPECT_EQ(store.skipped_spans().at(0).reason, "for another reason");
}

// Pages of the state before a commit and of the one after it, in every prefix and many mixtures, as a copy of
// the file alone has them when the writer was killed, or went on, meanwhile.
TEST(Checksums, AFileWithPagesOfTwoStatesIsOneOfThemOrRefused) {
  const TemporaryFolder folder;
  const path run = folder / "run.db";
  make_small_run(run);
  const std::string before = file_text(run);
  const Everything first = read(run).value();
  {
    RunStore store = RunStore::create_or_resume(run, made_identity(), {{"machine", "two"}});
    store.put_unit(made_unit(1, 25, 0.75, {0, 0.5, 1, 2, 3}));
  }
  const std::string after = file_text(run);
  const Everything second = read(run).value();
  ASSERT_FALSE(first == second);
  std::vector<size_t> changed;  // pages
  for (size_t page = 0; page * kPage < after.size(); ++page)
    if (after.substr(page * kPage, kPage) !=
        (page * kPage < before.size() ? before.substr(page * kPage, kPage) : ""))
      changed.push_back(page);
  std::mt19937_64 random(5);
  std::array<int, 3> outcomes{};  // refused, before, after
  const int trials = static_cast<int>(changed.size()) + 60;
  for (int trial = 0; trial < trials; ++trial) {
    std::string bytes = before;
    for (size_t i = 0; i < changed.size(); ++i) {
      const bool is_new =
          trial < static_cast<int>(changed.size()) ? i <= static_cast<size_t>(trial) : random() % 2 == 0;
      if (!is_new) continue;
      if (bytes.size() < (changed[i] + 1) * kPage) bytes.resize((changed[i] + 1) * kPage);
      bytes.replace(changed[i] * kPage, kPage, after, changed[i] * kPage, kPage);
    }
    for (const bool is_merged : {false, true}) {
      write_bytes(run, bytes);
      const auto found = is_merged ? merge(folder / "out.db", run) : resume(run);
      ASSERT_TRUE(!found || *found == first || *found == second) << "trial " << trial;
      ++outcomes[!found ? 0 : (*found == first ? 1 : 2)];
    }
  }
  std::printf(
      "%zu pages changed; of %d mixtures %d were refused, %d are the state before, %d the one after\n",
      changed.size(), 2 * trials, outcomes[0], outcomes[1], outcomes[2]);
  EXPECT_GT(outcomes[0], trials);
  EXPECT_GE(outcomes[2], 2);
}

// Real kills, at many moments, and the store alone taken elsewhere.
TEST(Checksums, AKilledStoreThatIsMovedWithoutItsJournalIsWholeOrRefused) {
  const TemporaryFolder folder;
  const path run = folder / "run.db";
  const path moved = folder / "moved.db";
  // A unit of 3 MB: more than SQLite's page cache, so that its pages go into the file in several goes.
  std::vector<double> epsilons;
  for (int i = 0; i < 4000; ++i) epsilons.push_back(i);
  int with_journal = 0;
  int refused = 0;
  for (int round = 0; round < 20; ++round) {
    const pid_t child = ::fork();
    if (child == 0) {
      RunStore store = RunStore::create_or_resume(run, made_identity(), {});
      store.put_example(made_example(0));
      for (int32_t layer = 0;; ++layer) store.put_unit(made_unit(0, layer, 3, epsilons));
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(50 + 25 * round));
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    with_journal += std::filesystem::exists(run.string() + "-journal") ? 1 : 0;
    if (std::filesystem::exists(run)) {
      std::filesystem::rename(run, moved);
      const auto found = resume(moved);
      refused += found ? 0 : 1;
      for (size_t i = 0; found && i < found->units.size(); ++i)
        EXPECT_EQ(found->units[i], made_unit(0, static_cast<int32_t>(i), 3, epsilons));
    }
    for (const std::string& name : folder.names()) std::filesystem::remove(folder / name);
  }
  std::printf("of 20 killed writers %d left a journal; %d stores without it were refused\n", with_journal,
              refused);
}

}  // namespace
}  // namespace tugline
