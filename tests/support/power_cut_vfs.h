// A SQLite VFS for tests that stands before the system's own one. It writes down in order what SQLite and
// tugline's own renames do to a folder's files, so that a test can ask what a disk would hold if the power
// had been cut at any of these moments. It can also make one of the calls fail.
//
// The model of a disk: a write or truncation is certain once its file is synchronised; a file's creation,
// deletion or renaming is certain once its folder is. What is not certain may have happened in part: writes
// and truncations in any selection, and the last of them cut in the middle; changes of the folder up to any
// of them, in their order, as a file system with a journal keeps it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace tugline::test {

struct DiskEvent {
  enum class Kind { kCreate, kWrite, kTruncate, kSync, kDelete, kRename, kSyncFolder, kReport };
  Kind kind;
  std::string name;    // the file's, in its folder; of kReport what was reported
  std::string to;      // kRename: its new name
  int64_t offset = 0;  // kWrite; kTruncate: the new size
  std::string bytes;   // kWrite
};

// What survives a power cut.
enum class Survives { kCertain, kAll, kSome };

// While it lives, databases that are opened anew go through the VFS. One at a time.
class PowerCutVfs {
 public:
  PowerCutVfs();
  ~PowerCutVfs();
  PowerCutVfs(const PowerCutVfs&) = delete;
  PowerCutVfs& operator=(const PowerCutVfs&) = delete;

  // The call of this number, from 1, among SQLite's calls that change a file, fails with this code of
  // SQLite's, and so do those after it if it is `for_good`.
  void fail_call(int64_t call, int code, bool for_good);
  [[nodiscard]] int64_t calls() const;
  // Writes down that the program now says `what` to its user.
  void report(const std::string& what);
  [[nodiscard]] const std::vector<DiskEvent>& events() const;
};

// The files, by their names, and what they hold after a power cut after the first `count` events. `seed`
// chooses among what kSome may be.
[[nodiscard]] std::map<std::string, std::string> disk_after(const std::vector<DiskEvent>& events,
                                                            size_t count, Survives survives, uint64_t seed);

// What had been reported by then.
[[nodiscard]] std::vector<std::string> reports_in(const std::vector<DiskEvent>& events, size_t count);

}  // namespace tugline::test
