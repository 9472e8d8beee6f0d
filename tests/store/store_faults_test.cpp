// What must not hurt a run store: other programs' files, full disks, second writers, and being killed.
#include <SQLiteCpp/SQLiteCpp.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <fstream>
#include <thread>

#include "support/expect_error.h"
#include "support/made_runs.h"
#include "support/temporary_folder.h"
#include "tugline/store/run_store.h"
#include "tugline/store/schema.h"
#include "tugline/store/sqlite_error.h"

namespace tugline {
namespace {

using std::filesystem::path;

RunStore open_for_writing(const path& file) { return RunStore::create_or_resume(file, made_identity(), {}); }

void write_text(const path& file, const std::string& text) { std::ofstream(file, std::ios::binary) << text; }

std::string text_of(const path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

// The file must be refused for reading and for writing, and stay as it is.
void expect_refused(const TemporaryFolder& folder, const path& file, ErrorCode code,
                    const std::string& words) {
  const std::string before = text_of(file);
  for (const Error& e : {error_of([&] { (void)open_for_writing(file); }),
                         error_of([&] { (void)RunStore::open_read_only(file); })}) {
    EXPECT_EQ(e.code(), code) << e.what();
    EXPECT_NE(std::string(e.what()).find(words), std::string::npos) << e.what();
    EXPECT_NE(std::string(e.what()).find(file.filename().string()), std::string::npos) << e.what();
  }
  EXPECT_EQ(text_of(file), before);
  EXPECT_EQ(folder.names().size(), 1U);
}

TEST(StoreFaults, AFileThatIsNotSqliteIsRefused) {
  for (const std::string& text :
       {std::string("hello"), std::string(20'000, 'x'), std::string("SQLite format 3\0", 16)}) {
    const TemporaryFolder folder;
    write_text(folder / "notes.txt", text);
    expect_refused(folder, folder / "notes.txt", ErrorCode::kInput, "not a tugline run store");
  }
}

TEST(StoreFaults, AnotherProgramsDatabaseIsRefused) {
  const TemporaryFolder folder;
  {
    SQLite::Database(folder.path() / "photos.db", SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE)
        .exec("CREATE TABLE t (x)");
  }
  expect_refused(folder, folder / "photos.db", ErrorCode::kInput, "another program");
}

TEST(StoreFaults, ANewerSchemaIsRefused) {
  const TemporaryFolder folder;
  { (void)open_for_writing(folder / "run.db"); }
  { SQLite::Database(folder.path() / "run.db", SQLite::OPEN_READWRITE).exec("PRAGMA user_version = 99"); }
  expect_refused(folder, folder / "run.db", ErrorCode::kUnsupported, "use a newer tugline");
}

TEST(StoreFaults, AnOlderSchemaIsRefusedNamingBothVersions) {
  const TemporaryFolder folder;
  { (void)open_for_writing(folder / "run.db"); }
  { SQLite::Database(folder.path() / "run.db", SQLite::OPEN_READWRITE).exec("PRAGMA user_version = 1"); }
  expect_refused(folder, folder / "run.db", ErrorCode::kUnsupported,
                 "run store schema 1, this tugline knows schema " + std::to_string(kSchemaVersion));
  expect_refused(folder, folder / "run.db", ErrorCode::kUnsupported, "use the older tugline");
}

TEST(StoreFaults, EveryTruncationIsAnErrorAndNeverACrash) {
  const TemporaryFolder folder;
  {
    RunStore store = open_for_writing(folder / "run.db");
    store.put_example(made_example(0));
    store.put_unit(made_unit(0, 1, 1));
  }
  const std::string whole = text_of(folder / "run.db");
  for (size_t size = 0; size < whole.size(); size += size < 600 ? 1 : 1021) {
    write_text(folder / "cut.db", whole.substr(0, size));
    try {
      const RunStore store = RunStore::open_read_only(folder / "cut.db");
      (void)store.units();
      (void)store.responses(made_unit(0, 1, 1).key);
    } catch (const Error&) {
      continue;
    }
    FAIL() << "a store cut to " << size << " of " << whole.size() << " bytes was read";
  }
}

TEST(StoreFaults, MissingFilesAndFoldersAreNamed) {
  const TemporaryFolder folder;
  const Error missing = error_of([&] { (void)RunStore::open_read_only(folder / "no.db"); });
  EXPECT_EQ(missing.code(), ErrorCode::kNotFound);
  EXPECT_EQ(error_of([&] { (void)RunStore::open_read_only(folder.path()); }).code(), ErrorCode::kInput);
  EXPECT_EQ(error_of([&] { (void)open_for_writing(folder.path()); }).code(), ErrorCode::kInput);
  EXPECT_EQ(error_of([&] { (void)open_for_writing("/dev/full"); }).code(), ErrorCode::kInput);
  write_text(folder / "file", "x");
  for (const path& file : {folder / "none" / "run.db", folder / "file" / "run.db"}) {
    const Error e = error_of([&] { (void)open_for_writing(file); });
    EXPECT_EQ(e.code(), ErrorCode::kIo);
    EXPECT_NE(std::string(e.what()).find("is not a folder"), std::string::npos) << e.what();
  }
  EXPECT_EQ(error_of([] { (void)open_for_writing("/proc/run.db"); }).code(), ErrorCode::kIo);
  EXPECT_EQ(folder.names(), std::vector<std::string>{"file"});
}

TEST(StoreFaults, AnEmptyFileBecomesAStoreButIsNotOne) {
  const TemporaryFolder folder;
  write_text(folder / "run.db", "");
  EXPECT_EQ(error_of([&] { (void)RunStore::open_read_only(folder / "run.db"); }).code(), ErrorCode::kInput);
  { open_for_writing(folder / "run.db").put_example(made_example(0)); }
  EXPECT_EQ(RunStore::open_read_only(folder / "run.db").examples().size(), 1U);
}

TEST(StoreFaults, NamesThatMeanSomethingToSqliteAreJustNames) {
  const TemporaryFolder folder;
  const path before = std::filesystem::current_path();
  std::filesystem::current_path(folder.path());
  { open_for_writing(":memory:").put_example(made_example(0)); }
  { open_for_writing("file:a?mode=memory").put_example(made_example(0)); }
  std::filesystem::current_path(before);
  EXPECT_EQ(folder.names(), (std::vector<std::string>{":memory:", "file:a?mode=memory"}));
}

// Stands for a full disk: the system refuses to let any file grow past a few kilobytes.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) {
    old_handler_ = std::signal(SIGXFSZ, SIG_IGN);
    ::getrlimit(RLIMIT_FSIZE, &old_);
    const rlimit limit{bytes, old_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FileSizeLimit() {
    ::setrlimit(RLIMIT_FSIZE, &old_);
    std::signal(SIGXFSZ, old_handler_);
  }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;

 private:
  rlimit old_{};
  void (*old_handler_)(int) = nullptr;
};

TEST(StoreFaults, CreatingOnAFullDiskLeavesNothingBehind) {
  for (const rlim_t bytes : {1UL, 700UL, 5'000UL, 20'000UL}) {
    const TemporaryFolder folder;
    {
      const FileSizeLimit limit(bytes);
      const Error e = error_of([&] { (void)open_for_writing(folder / "run.db"); });
      EXPECT_EQ(e.code(), ErrorCode::kIo);
      EXPECT_NE(std::string(e.what()).find("full disk"), std::string::npos) << e.what();
    }
    EXPECT_TRUE(folder.names().empty()) << bytes << ": " << folder.names().at(0);
  }
}

TEST(StoreFaults, ADiskThatFillsUpKeepsTheUnitsThatWereWhole) {
  const TemporaryFolder folder;
  int32_t written = 0;
  {
    RunStore store = open_for_writing(folder / "run.db");
    store.put_example(made_example(0));
    const FileSizeLimit limit(200'000);
    const Error e = error_of([&] {
      for (;; ++written) {
        store.put_unit(made_unit(0, written, 1, std::vector<double>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10}));
      }
    });
    EXPECT_EQ(e.code(), ErrorCode::kIo) << e.what();
  }
  EXPECT_GT(written, 10);
  RunStore store = open_for_writing(folder / "run.db");
  EXPECT_EQ(store.unit_keys().size(), static_cast<size_t>(written));
  store.put_unit(made_unit(0, written, 1));
}

TEST(StoreFaults, AFullDiskIsCalledAFullDisk) {
  const Error e = store_error("run.db", "write a unit", SQLITE_FULL, "database or disk is full");
  EXPECT_EQ(e.code(), ErrorCode::kIo);
  EXPECT_EQ(std::string(e.what()),
            "run.db: cannot write a unit: the disk is full; free some space and run the same command again "
            "(SQLite: database or disk is full, code 13)");
}

TEST(StoreFaults, ASecondWriterIsRefusedAndToldWhoWrites) {
  const TemporaryFolder folder;
  const RunStore first = open_for_writing(folder / "run.db");
  std::filesystem::create_symlink(folder / "run.db", folder / "alias.db");
  for (const path& name : {folder / "run.db", folder / "alias.db"}) {
    const Error e = error_of([&] { (void)open_for_writing(name); });
    EXPECT_EQ(e.code(), ErrorCode::kIo);
    EXPECT_NE(std::string(e.what()).find(fmt::format("process {} on host ", ::getpid())), std::string::npos)
        << e.what();
  }
}

TEST(StoreFaults, AWriterWaitsForAReaderWithAnOpenQuery) {
  const TemporaryFolder folder;
  RunStore store = open_for_writing(folder / "run.db");
  store.put_example(made_example(0));
  store.put_unit(made_unit(0, 1, 1));
  SQLite::Database reader(folder.path() / "run.db");
  SQLite::Statement query(reader, "SELECT kl FROM responses");
  ASSERT_TRUE(query.executeStep());
  double waited = 0;
  store.wait_for_others([&](double seconds) {
    waited = seconds;
    if (seconds > 0.2) query.reset();  // the reader ends its query
    return true;
  });
  store.put_unit(made_unit(0, 2, 1));
  EXPECT_GT(waited, 0.2);

  ASSERT_TRUE(query.executeStep());
  store.wait_for_others([&](double seconds) { return seconds < 0.1; });
  EXPECT_EQ(error_of([&] { store.put_unit(made_unit(0, 3, 1)); }).code(), ErrorCode::kInterrupted);
  query.reset();
  EXPECT_FALSE(store.has_unit(made_unit(0, 3, 1).key));
  store.put_unit(made_unit(0, 3, 1));
  store.check_everything();
}

TEST(StoreFaults, AWriterInAnotherProcessIsRefusedUntilTheFirstEnds) {
  const TemporaryFolder folder;
  auto first = std::make_unique<RunStore>(open_for_writing(folder / "run.db"));
  const auto second_process = [&] {
    const pid_t child = ::fork();
    if (child == 0) {
      try {
        (void)open_for_writing(folder / "run.db");
      } catch (const Error& e) {
        ::_exit(e.code() == ErrorCode::kIo ? 1 : 2);
      }
      ::_exit(0);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    return WEXITSTATUS(status);
  };
  EXPECT_EQ(second_process(), 1);
  first.reset();
  EXPECT_EQ(second_process(), 0);
}

TEST(StoreFaults, KilledAtAnyMomentItHoldsWholeUnitsAndResumes) {
  const TemporaryFolder folder;
  size_t before = 0;
  for (int round = 0; round < 15; ++round) {
    const pid_t child = ::fork();
    if (child == 0) {
      RunStore store = open_for_writing(folder / "run.db");
      store.put_example(made_example(0));
      for (auto layer = static_cast<int32_t>(store.unit_keys().size());; ++layer) {
        store.put_unit(made_unit(0, layer, 1));
      }
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(20 + 7 * round));
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    if (!std::filesystem::exists(folder / "run.db")) {
      continue;
    }
    const RunStore store = RunStore::open_read_only(folder / "run.db");
    const std::vector<UnitKey> keys = store.unit_keys();
    EXPECT_GE(keys.size(), before);
    before = keys.size();
    for (const UnitKey& key : keys) {
      ASSERT_EQ(store.responses(key).size(), 6U) << "layer " << key.layer;
    }
  }
  EXPECT_GT(before, 0U);
  { open_for_writing(folder / "run.db").put_unit(made_unit(0, 1'000'000, 1)); }
  EXPECT_EQ(SQLite::Database(folder.path() / "run.db").execAndGet("PRAGMA integrity_check").getString(),
            "ok");
}

TEST(StoreFaults, AHalfDoneTransactionIsUndoneForAReader) {
  const TemporaryFolder folder;
  {
    RunStore store = open_for_writing(folder / "run.db");
    store.put_example(made_example(0));
    store.put_unit(made_unit(0, 1, 1));
  }
  const pid_t child = ::fork();
  if (child == 0) {
    SQLite::Database database(folder.path() / "run.db", SQLite::OPEN_READWRITE);
    database.exec(
        "PRAGMA cache_size = 1; PRAGMA cache_spill = 1; BEGIN; UPDATE responses SET kl = 7; UPDATE examples "
        "SET tokens = 7");
    for (int i = 0; i < 2000; ++i) {
      database.exec("INSERT INTO meta VALUES (1, hex(randomblob(16)), hex(randomblob(200)))");
    }
    ::kill(::getpid(), SIGKILL);
  }
  ::waitpid(child, nullptr, 0);
  ASSERT_TRUE(std::filesystem::exists(folder / "run.db-journal"))
      << "the test must leave a half-done transaction";
  const RunStore store = RunStore::open_read_only(folder / "run.db");
  EXPECT_EQ(store.examples().at(0), made_example(0));
  EXPECT_EQ(store.responses(made_unit(0, 1, 1).key), made_unit(0, 1, 1).measured.responses);
}

}  // namespace
}  // namespace tugline
