#include "tugline/store/sidecars.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <system_error>
#include <vector>

#include "tugline/core/error.h"
#include "tugline/core/file_status.h"
#include "tugline/store/hot_journal.h"
#include "tugline/store/writer_lock.h"

namespace tugline {
namespace fs = std::filesystem;
namespace {

constexpr const char* kUnfinished = ".new-";

bool exists(const fs::path& path) { return fs::exists(link_status_of(path)); }

// "NAME.new-PID", and that with "-journal".
bool is_unfinished_store(const std::string& name, const std::string& store) {
  const std::string start = store + kUnfinished;
  if (!name.starts_with(start)) return false;
  std::string rest = name.substr(start.size());
  if (rest.ends_with("-journal")) rest.resize(rest.size() - 8);
  return !rest.empty() && std::all_of(rest.begin(), rest.end(), [](char c) { return c >= '0' && c <= '9'; });
}

std::vector<fs::path> unfinished_stores(const fs::path& store) {
  std::vector<fs::path> found;
  std::error_code error;
  for (fs::directory_iterator entry(store.parent_path(), error), end; !error && entry != end;
       entry.increment(error)) {
    if (is_unfinished_store(entry->path().filename().string(), store.filename().string()))
      found.push_back(entry->path());
  }
  return found;
}

}  // namespace

void check_no_sidecars(const fs::path& store) {
  std::vector<std::string> found;
  for (const char* end : {"-journal", "-wal", "-shm"}) {
    if (exists(store.string() + end)) found.push_back(store.string() + end);
  }
  if (found.empty()) return;
  fail(ErrorCode::kConflict,
       "{}: cannot make a run store: {} {} left by another store of this name, and SQLite would play it into "
       "the "
       "new one. If that store was deleted, delete {} too; if it was moved, move {} beside it; or give "
       "another name",
       store.string(), fmt::join(found, ", "), found.size() == 1 ? "was" : "were",
       found.size() == 1 ? "the file" : "the files", found.size() == 1 ? "the file" : "the files");
}

void check_sidecars(const fs::path& store) {
  const std::string log = store.string() + "-wal";
  if (exists(log)) {
    fail(ErrorCode::kConflict,
         "{}: {} is beside it, a write-ahead log that tugline did not make. If another program has the store "
         "open, "
         "close that; if the log is another store's, delete or move it",
         store.string(), log);
  }
  check_hot_journal(store);
}

void remove_leftovers(const fs::path& store) noexcept {
  try {
    if (unfinished_stores(store).empty() && !exists(store.string() + "-lock")) return;
    const WriterLock lock(store,
                          std::chrono::milliseconds(
                              0));  // only a writer makes an unfinished store, and this is the one writer now
    for (const fs::path& path : unfinished_stores(store)) remove_unfinished(path);
  } catch (const std::exception&) {
    return;  // another writer is at work, or the folder may not be written
  }
}

fs::path unfinished_name(const fs::path& store) {
  return fmt::format("{}{}{}", store.string(), kUnfinished, ::getpid());
}

void remove_unfinished(const fs::path& unfinished) noexcept {
  std::error_code ignored;
  fs::remove(unfinished, ignored);
  fs::remove(unfinished.string() + "-journal", ignored);
}

}  // namespace tugline
