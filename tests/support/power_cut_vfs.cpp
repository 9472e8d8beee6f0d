#include "support/power_cut_vfs.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstring>
#include <memory>
#include <random>
#include <stdexcept>
#include <utility>

namespace tugline::test {
namespace {

using Kind = DiskEvent::Kind;

struct Recorder {
  std::vector<DiskEvent> events;
  int64_t calls = 0;
  int64_t fails_at = 0;
  int code = SQLITE_OK;
  bool is_for_good = false;

  // SQLITE_OK, or the code with which the call fails.
  int next_call() {
    ++calls;
    const bool fails = fails_at > 0 && (is_for_good ? calls >= fails_at : calls == fails_at);
    return fails ? code : SQLITE_OK;
  }
};

Recorder* recorder = nullptr;
sqlite3_vfs vfs;
sqlite3_vfs* real_vfs = nullptr;

std::string base_name(const char* path) { return std::filesystem::path(path).filename().string(); }

// The system's file lies in memory behind it.
struct File {
  sqlite3_file base;
  std::string* name;
  bool syncs_folder;  // a journal that is new: SQLite's first synchronisation of it is also the folder's
  bool is_temporary;

  [[nodiscard]] sqlite3_file* real() {
    return reinterpret_cast<sqlite3_file*>(reinterpret_cast<char*>(this) + sizeof(File));
  }
};

File& file_of(sqlite3_file* file) { return *reinterpret_cast<File*>(file); }
const sqlite3_io_methods& real(sqlite3_file* file) { return *file_of(file).real()->pMethods; }

void note(const File& file, DiskEvent event) {
  if (recorder == nullptr || file.is_temporary) return;
  event.name = *file.name;
  recorder->events.push_back(std::move(event));
}

int next_call(const File& file) {
  return recorder == nullptr || file.is_temporary ? SQLITE_OK : recorder->next_call();
}

int close_file(sqlite3_file* file) {
  const int code = real(file).xClose(file_of(file).real());
  delete file_of(file).name;
  return code;
}

int read_file(sqlite3_file* file, void* bytes, int size, sqlite3_int64 offset) {
  return real(file).xRead(file_of(file).real(), bytes, size, offset);
}

int write_file(sqlite3_file* file, const void* bytes, int size, sqlite3_int64 offset) {
  if (const int code = next_call(file_of(file))) return code == SQLITE_IOERR ? SQLITE_IOERR_WRITE : code;
  note(file_of(file), {.kind = Kind::kWrite,
                       .name = {},
                       .to = {},
                       .offset = offset,
                       .bytes = {static_cast<const char*>(bytes), static_cast<size_t>(size)}});
  return real(file).xWrite(file_of(file).real(), bytes, size, offset);
}

int truncate_file(sqlite3_file* file, sqlite3_int64 size) {
  if (const int code = next_call(file_of(file))) return code == SQLITE_IOERR ? SQLITE_IOERR_TRUNCATE : code;
  note(file_of(file), {.kind = Kind::kTruncate, .name = {}, .to = {}, .offset = size, .bytes = {}});
  return real(file).xTruncate(file_of(file).real(), size);
}

// Nothing is synchronised in truth: the test's power is not cut.
int sync_file(sqlite3_file* file, int /*flags*/) {
  if (const int code = next_call(file_of(file))) return code == SQLITE_IOERR ? SQLITE_IOERR_FSYNC : code;
  note(file_of(file), {.kind = Kind::kSync, .name = {}, .to = {}, .bytes = {}});
  if (std::exchange(file_of(file).syncs_folder, false))
    note(file_of(file), {.kind = Kind::kSyncFolder, .name = {}, .to = {}, .bytes = {}});
  return SQLITE_OK;
}

int file_size(sqlite3_file* file, sqlite3_int64* size) {
  return real(file).xFileSize(file_of(file).real(), size);
}
int lock_file(sqlite3_file* file, int level) { return real(file).xLock(file_of(file).real(), level); }
int unlock_file(sqlite3_file* file, int level) { return real(file).xUnlock(file_of(file).real(), level); }
int check_reserved(sqlite3_file* file, int* result) {
  return real(file).xCheckReservedLock(file_of(file).real(), result);
}
int control_file(sqlite3_file* file, int operation, void* argument) {
  return real(file).xFileControl(file_of(file).real(), operation, argument);
}
int sector_size(sqlite3_file* file) { return real(file).xSectorSize(file_of(file).real()); }
int characteristics(sqlite3_file* file) { return real(file).xDeviceCharacteristics(file_of(file).real()); }

const sqlite3_io_methods kMethods = {.iVersion = 1,
                                     .xClose = close_file,
                                     .xRead = read_file,
                                     .xWrite = write_file,
                                     .xTruncate = truncate_file,
                                     .xSync = sync_file,
                                     .xFileSize = file_size,
                                     .xLock = lock_file,
                                     .xUnlock = unlock_file,
                                     .xCheckReservedLock = check_reserved,
                                     .xFileControl = control_file,
                                     .xSectorSize = sector_size,
                                     .xDeviceCharacteristics = characteristics,
                                     .xShmMap = nullptr,
                                     .xShmLock = nullptr,
                                     .xShmBarrier = nullptr,
                                     .xShmUnmap = nullptr,
                                     .xFetch = nullptr,
                                     .xUnfetch = nullptr};

int open_file(sqlite3_vfs* /*self*/, const char* path, sqlite3_file* opened, int flags, int* out_flags) {
  File& file = file_of(opened);
  file.base.pMethods = nullptr;
  struct stat ignored {};
  file.is_temporary = path == nullptr || (flags & SQLITE_OPEN_DELETEONCLOSE) != 0;
  const bool is_new = !file.is_temporary && (flags & SQLITE_OPEN_CREATE) != 0 && ::stat(path, &ignored) != 0;
  if (is_new)
    if (const int code = next_call(file)) return code == SQLITE_FULL ? code : SQLITE_CANTOPEN;
  const int code = real_vfs->xOpen(real_vfs, path, file.real(), flags, out_flags);
  if (file.real()->pMethods == nullptr) return code;
  file.name = new std::string(path == nullptr ? "" : base_name(path));
  file.syncs_folder = is_new && (flags & SQLITE_OPEN_MAIN_JOURNAL) != 0;
  file.base.pMethods = &kMethods;
  if (is_new) note(file, {.kind = Kind::kCreate, .name = {}, .to = {}, .bytes = {}});
  return code;
}

int delete_file(sqlite3_vfs* /*self*/, const char* path, int syncs_folder) {
  if (recorder != nullptr)
    if (const int code = recorder->next_call()) return code == SQLITE_IOERR ? SQLITE_IOERR_DELETE : code;
  const int code = real_vfs->xDelete(real_vfs, path, 0);
  if (recorder != nullptr && code == SQLITE_OK) {
    recorder->events.push_back({.kind = Kind::kDelete, .name = base_name(path), .to = {}, .bytes = {}});
    if (syncs_folder != 0)
      recorder->events.push_back({.kind = Kind::kSyncFolder, .name = {}, .to = {}, .bytes = {}});
  }
  return code;
}

// A disk: what is certain of it, and what is still on its way.
class Disk {
 public:
  void apply(const DiskEvent& event) {
    switch (event.kind) {
      case Kind::kCreate:
        folder_.push_back({event, static_cast<int>(files_.size())});
        now_[event.name] = static_cast<int>(files_.size());
        files_.emplace_back();
        break;
      case Kind::kWrite:
      case Kind::kTruncate:
        files_[file(event)].pending.push_back(event);
        break;
      case Kind::kSync:
        for (const DiskEvent& change : files_[file(event)].pending)
          change_bytes(files_[file(event)].certain, change);
        files_[file(event)].pending.clear();
        break;
      case Kind::kDelete:
      case Kind::kRename:
        folder_.push_back({event, 0});
        change_names(now_, folder_.back());
        break;
      case Kind::kSyncFolder:
        for (const FolderChange& change : folder_) change_names(certain_, change);
        folder_.clear();
        break;
      case Kind::kReport:
        break;
    }
  }

  [[nodiscard]] std::map<std::string, std::string> after_cut(Survives survives, uint64_t seed) const {
    std::mt19937_64 random(seed);
    const auto is_chosen = [&] {
      return survives == Survives::kAll || (survives == Survives::kSome && random() % 2 == 0);
    };
    std::map<std::string, int> names = certain_;
    const size_t changes = survives == Survives::kAll    ? folder_.size()
                           : survives == Survives::kSome ? random() % (folder_.size() + 1)
                                                         : 0;
    for (size_t i = 0; i < changes; ++i) change_names(names, folder_[i]);
    std::map<std::string, std::string> disk;
    for (const auto& [name, number] : names) {
      const OneFile& file = files_[static_cast<size_t>(number)];
      std::string bytes = file.certain;
      for (size_t i = 0; i < file.pending.size(); ++i) {
        if (!is_chosen()) continue;
        DiskEvent change = file.pending[i];
        // A page is several of the disk's sectors.
        if (survives == Survives::kSome && random() % 4 == 0)
          change.bytes.resize(change.bytes.size() / 512 / 2 * 512);
        change_bytes(bytes, change);
      }
      disk[name] = bytes;
    }
    return disk;
  }

 private:
  struct OneFile {
    std::string certain;
    std::vector<DiskEvent> pending;
  };
  struct FolderChange {
    DiskEvent event;
    int file;  // of kCreate
  };

  [[nodiscard]] size_t file(const DiskEvent& event) const { return static_cast<size_t>(now_.at(event.name)); }

  static void change_bytes(std::string& bytes, const DiskEvent& change) {
    const auto offset = static_cast<size_t>(change.offset);
    if (change.kind == Kind::kTruncate) return bytes.resize(offset);
    if (change.bytes.empty()) return;
    bytes.resize(std::max(bytes.size(), offset + change.bytes.size()));
    bytes.replace(offset, change.bytes.size(), change.bytes);
  }

  static void change_names(std::map<std::string, int>& names, const FolderChange& change) {
    if (change.event.kind == Kind::kCreate) names[change.event.name] = change.file;
    if (change.event.kind == Kind::kRename && names.contains(change.event.name))
      names[change.event.to] = names.at(change.event.name);
    if (change.event.kind != Kind::kCreate) names.erase(change.event.name);
  }

  std::vector<OneFile> files_;
  std::map<std::string, int> now_;      // what the program sees
  std::map<std::string, int> certain_;  // what the disk has
  std::vector<FolderChange> folder_;    // what it may have
};

void note_of_program(DiskEvent event) {
  if (recorder != nullptr) recorder->events.push_back(std::move(event));
}

}  // namespace

PowerCutVfs::PowerCutVfs() {
  if (recorder != nullptr) throw std::logic_error("one PowerCutVfs at a time");
  recorder = new Recorder;
  real_vfs = sqlite3_vfs_find(nullptr);
  vfs = *real_vfs;
  vfs.zName = "power-cut";
  vfs.pNext = nullptr;
  vfs.szOsFile += static_cast<int>(sizeof(File));
  vfs.xOpen = open_file;
  vfs.xDelete = delete_file;
  // The others work on the system's own VFS; they do not change a file.
  vfs.pAppData = real_vfs->pAppData;
  sqlite3_vfs_register(&vfs, 1);
}

PowerCutVfs::~PowerCutVfs() {
  sqlite3_vfs_unregister(&vfs);
  sqlite3_vfs_register(real_vfs, 1);
  delete std::exchange(recorder, nullptr);
}

void PowerCutVfs::fail_call(int64_t call, int code, bool for_good) {
  recorder->fails_at = call;
  recorder->code = code;
  recorder->is_for_good = for_good;
}

int64_t PowerCutVfs::calls() const { return recorder->calls; }

void PowerCutVfs::report(const std::string& what) {
  recorder->events.push_back({.kind = Kind::kReport, .name = what, .to = {}, .bytes = {}});
}

const std::vector<DiskEvent>& PowerCutVfs::events() const { return recorder->events; }

std::map<std::string, std::string> disk_after(const std::vector<DiskEvent>& events, size_t count,
                                              Survives survives, uint64_t seed) {
  Disk disk;
  for (size_t i = 0; i < count; ++i) disk.apply(events[i]);
  return disk.after_cut(survives, seed);
}

std::vector<std::string> reports_in(const std::vector<DiskEvent>& events, size_t count) {
  std::vector<std::string> reports;
  for (size_t i = 0; i < count; ++i)
    if (events[i].kind == Kind::kReport) reports.push_back(events[i].name);
  return reports;
}

}  // namespace tugline::test

// In place of the C library's functions, for the program that this file is linked into: tugline's own
// renames, and how it synchronises their folder.
extern "C" int rename(const char* from, const char* to) noexcept {
  const auto done = static_cast<int>(::syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0));
  if (done == 0)
    tugline::test::note_of_program({.kind = tugline::test::DiskEvent::Kind::kRename,
                                    .name = std::filesystem::path(from).filename().string(),
                                    .to = std::filesystem::path(to).filename().string(),
                                    .bytes = {}});
  return done;
}

extern "C" int fsync(int descriptor) {
  struct stat status {};
  if (::fstat(descriptor, &status) == 0 && S_ISDIR(status.st_mode))
    tugline::test::note_of_program(
        {.kind = tugline::test::DiskEvent::Kind::kSyncFolder, .name = {}, .to = {}, .bytes = {}});
  return 0;
}

// SQLite's: the test itself needs no disk.
extern "C" int fdatasync(int /*descriptor*/) { return 0; }
