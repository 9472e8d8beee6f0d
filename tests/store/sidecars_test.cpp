// Files beside a run store that are another store's, or a killed command's.
#include "tugline/store/sidecars.h"

#include <SQLiteCpp/SQLiteCpp.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <fstream>
#include <thread>

#include "support/expect_error.h"
#include "support/made_runs.h"
#include "support/run_program.h"
#include "support/temporary_folder.h"
#include "tugline/store/merge.h"
#include "tugline/store/run_store.h"
#include "tugline/store/store_owner.h"
#include "tugline/store/writer_lock.h"

namespace tugline {
namespace {

using std::filesystem::path;

RunStore open_for_writing(const path& file) { return RunStore::create_or_resume(file, made_identity(), {}); }

// A writer that is killed inside a transaction whose first pages are in the file already: leaves a journal
// that must be played back.
void leave_hot_journal(const path& file) {
  const pid_t child = ::fork();
  if (child == 0) {
    SQLite::Database database(file, SQLite::OPEN_READWRITE);
    database.exec("PRAGMA cache_size = 1; PRAGMA cache_spill = 1; BEGIN; UPDATE responses SET kl = 7");
    for (int i = 0; i < 2000; ++i)
      database.exec("INSERT INTO meta VALUES (1, hex(randomblob(16)), hex(randomblob(200)))");
    ::kill(::getpid(), SIGKILL);
  }
  ::waitpid(child, nullptr, 0);
  ASSERT_TRUE(std::filesystem::exists(file.string() + "-journal"));
}

void make_run(const path& file, int32_t layers) {
  RunStore store = open_for_writing(file);
  store.put_example(made_example(0));
  for (int32_t layer = 0; layer < layers; ++layer)
    if (!store.has_unit(made_unit(0, layer, 1).key)) store.put_unit(made_unit(0, layer, 1));
}

class Sidecars : public testing::Test {
 protected:
  TemporaryFolder folder_;
  path run_ = folder_ / "run.db";
  path journal_ = folder_ / "run.db-journal";

  static void expect_conflict(const std::function<void()>& work, const std::string& words) {
    const Error e = error_of(work);
    EXPECT_EQ(e.code(), ErrorCode::kConflict) << e.what();
    EXPECT_NE(std::string(e.what()).find(words), std::string::npos) << e.what();
  }
  // Opened in any way, the store is refused, and it and its journal stay as they are.
  void expect_journal_refused() {
    const std::string store = file_text(run_);
    const std::string journal = file_text(journal_);
    expect_conflict([&] { (void)RunStore::open_read_only(run_); }, "run.db-journal");
    expect_conflict([&] { (void)open_for_writing(run_); }, "delete the journal or move it");
    expect_conflict([&] { (void)merge_stores(folder_ / "out.db", {run_}); }, "run.db-journal");
    EXPECT_TRUE(file_text(run_) == store);
    EXPECT_TRUE(file_text(journal_) == journal);
  }
};

TEST_F(Sidecars, ANewStoreIsNotMadeBesideADeletedOnesFiles) {
  make_run(folder_ / "part.db", 1);
  for (const char* end : {"-journal", "-wal", "-shm"}) {
    const path other = run_.string() + end;
    std::ofstream(other) << "of another store";
    for (const bool is_empty_file : {false, true}) {
      if (is_empty_file) std::ofstream{run_};
      expect_conflict([&] { (void)open_for_writing(run_); }, other.string());
      expect_conflict([&] { RunStore::check_path(run_); }, other.string());
      expect_conflict([&] { (void)merge_stores(run_, {folder_ / "part.db"}); },
                      is_empty_file ? "run.db" : other.string());
    }
    EXPECT_EQ(file_text(run_), "");
    EXPECT_EQ(file_text(other), "of another store");
    std::filesystem::remove(run_);
    std::filesystem::remove(other);
  }
}

// Real kills, at many moments of writing.
TEST_F(Sidecars, AKilledAndDeletedRunDoesNotGetIntoTheNext) {
  int with_journal = 0;
  for (int round = 0; round < 40; ++round) {
    const pid_t child = ::fork();
    if (child == 0) {
      RunStore store = open_for_writing(run_);
      store.put_example(made_example(0));
      for (int32_t layer = 0;; ++layer) store.put_unit(made_unit(0, layer, 3, {0, 1, 2, 3, 4, 5, 6, 7, 8}));
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(10 + round));
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    std::filesystem::remove(run_);
    if (std::filesystem::exists(journal_)) {
      ++with_journal;
      expect_conflict([&] { (void)open_for_writing(run_); }, journal_.string());
      EXPECT_FALSE(std::filesystem::exists(run_));
      std::filesystem::remove(journal_);
    }
    make_run(run_, 2);
    const RunStore store = RunStore::open_read_only(run_);
    EXPECT_EQ(store.unit_keys().size(), 2U);
    EXPECT_EQ(store.responses(made_unit(0, 1, 1).key), made_unit(0, 1, 1).measured.responses);
    std::filesystem::remove(run_);
  }
  std::printf("%d of 40 killed writers left a journal\n", with_journal);
}

TEST_F(Sidecars, AKilledRunsOwnJournalIsPlayedBack) {
  make_run(run_, 3);
  leave_hot_journal(run_);
  EXPECT_EQ(RunStore::open_read_only(run_).responses(made_unit(0, 1, 1).key),
            made_unit(0, 1, 1).measured.responses);
  EXPECT_FALSE(std::filesystem::exists(journal_));
}

TEST_F(Sidecars, ABackupIsNotMixedWithALaterJournal) {
  make_run(run_, 3);
  std::filesystem::copy(run_, folder_ / "backup.db");
  make_run(run_, 40);
  ASSERT_GT(std::filesystem::file_size(run_), std::filesystem::file_size(folder_ / "backup.db"));
  leave_hot_journal(run_);
  std::filesystem::rename(folder_ / "backup.db", run_);
  expect_journal_refused();
}

TEST_F(Sidecars, AnotherStoreIsNotMixedWithTheJournalOfTheOneBefore) {
  make_run(run_, 9);
  leave_hot_journal(run_);
  std::filesystem::remove(run_);
  make_run(folder_ / "other.db", 40);
  std::filesystem::rename(folder_ / "other.db", run_);
  expect_journal_refused();
}

// A journal of several databases ends with the name of a file that SQLite deletes once all of them are played
// back.
TEST_F(Sidecars, AJournalThatNamesAnotherFileIsRefused) {
  make_run(run_, 3);
  leave_hot_journal(run_);
  const std::string precious = (folder_ / "precious.txt").string();
  std::ofstream(precious) << "mine";
  uint32_t sum = 0;
  for (const char c : precious) sum += static_cast<unsigned char>(c);
  const auto big_endian = [](uint32_t value) {
    std::string text;
    for (int shift = 24; shift >= 0; shift -= 8) text += static_cast<char>(value >> shift & 0xff);
    return text;
  };
  std::ofstream(journal_, std::ios::binary | std::ios::app)
      << big_endian(262145) << precious << big_endian(static_cast<uint32_t>(precious.size()))
      << big_endian(sum) << "\xd9\xd5\x05\xf9\x20\xa1\x63\xd7";
  expect_journal_refused();
  EXPECT_EQ(file_text(precious), "mine");
}

TEST_F(Sidecars, AJournalThatCannotBeReadIsNotTakenForNone) {
  make_run(run_, 1);
  std::filesystem::create_symlink("/proc/self/mem", journal_);  // opens, but reading it is refused
  expect_error(ErrorCode::kIo, {"run.db-journal: cannot be read"},
               [&] { (void)RunStore::open_read_only(run_); });
}

TEST_F(Sidecars, AWriteAheadLogIsNotOurs) {
  make_run(run_, 1);
  std::ofstream(run_.string() + "-wal") << "of another store";
  expect_conflict([&] { (void)RunStore::open_read_only(run_); }, "run.db-wal");
  std::filesystem::remove(run_.string() + "-wal");
  SQLite::Database(run_, SQLite::OPEN_READWRITE).exec("PRAGMA journal_mode = WAL");
  const Error e = error_of([&] { (void)RunStore::open_read_only(run_); });
  EXPECT_EQ(e.code(), ErrorCode::kUnsupported) << e.what();
  EXPECT_NE(std::string(e.what()).find("PRAGMA journal_mode = DELETE"), std::string::npos) << e.what();
}

TEST_F(Sidecars, TheNextCommandRemovesWhatKilledOnesLeft) {
  make_run(run_, 1);
  const std::vector<std::string> clean = {"run.db", "run.db.new-mine", "run2.db.new-7"};
  for (const char* name : {"run.db.new-mine", "run2.db.new-7"}) std::ofstream(folder_ / name) << "x";
  StoreOwner killed = this_process();
  killed.started = "1";  // before any process of ours
  const auto litter = [&] {
    for (const char* name : {"run.db-lock", "run.db.new-4711", "run.db.new-4711-journal"})
      std::ofstream(folder_ / name) << owner_text(killed);
  };
  const std::vector<std::function<void()>> commands = {
      [&] { (void)RunStore::open_read_only(run_); }, [&] { (void)open_for_writing(run_); },
      [&] { (void)RunStore::open_to_annotate(run_); },
      [&] { EXPECT_THROW((void)merge_stores(run_, {run_}), Error); }};
  for (size_t i = 0; i + 1 < commands.size(); ++i) {
    litter();
    commands[i]();
    EXPECT_EQ(folder_.names(), clean) << "command " << i;
  }
  {
    const WriterLock writer(run_);
    std::ofstream(folder_ / "run.db.new-4711") << "under way";
    (void)RunStore::open_read_only(run_);
    EXPECT_EQ(folder_.names().size(), 5U) << "not while a writer is at work";
  }
  make_run(folder_ / "run3.db", 1);
  std::ofstream(folder_ / "out.db.new-4711") << "x";
  (void)merge_stores(folder_ / "out.db", {folder_ / "run3.db"});
  EXPECT_FALSE(std::filesystem::exists(folder_ / "out.db.new-4711"));
}

}  // namespace
}  // namespace tugline
