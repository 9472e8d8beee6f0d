#include "tugline/store/sqlite_error.h"

#include <sqlite3.h>

namespace tugline {
namespace {

constexpr int primary(int code) { return code & 0xff; }

struct Cause {
  ErrorCode code;
  std::string_view advice;
};

Cause cause_of(int code) {
  if (code == SQLITE_READONLY_DBMOVED) {
    return {
        ErrorCode::kIo,
        "the file was moved, deleted or replaced while it was open; what it held is where it was moved to"};
  }
  if (code == SQLITE_IOERR_LOCK || code == SQLITE_IOERR_RDLOCK || code == SQLITE_IOERR_CHECKRESERVEDLOCK) {
    return {
        ErrorCode::kIo,
        "its file system has no locks, which SQLite needs; keep the store on another one, such as a local "
        "disk, and copy it when the command has ended"};
  }
  switch (primary(code)) {
    case SQLITE_FULL:
      return {ErrorCode::kIo, "the disk is full; free some space and run the same command again"};
    case SQLITE_READONLY:
      return {ErrorCode::kIo, "the file, or the folder it is in, may not be written"};
    case SQLITE_PERM:
    case SQLITE_CANTOPEN:
      return {ErrorCode::kIo, "it cannot be opened; check the path and its permissions"};
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return {ErrorCode::kIo, "another program keeps it locked; close that program and try again"};
    case SQLITE_IOERR:
      return {ErrorCode::kIo,
              "the system refused to read or write it; look for a full disk or quota, then run again"};
    case SQLITE_NOTADB:
      return {ErrorCode::kInput, "it is not a tugline run store (not a SQLite file at all)"};
    case SQLITE_CORRUPT:
      return {ErrorCode::kInput, "the file is damaged; restore a copy or measure again"};
    case SQLITE_INTERRUPT:
      return {ErrorCode::kInput,
              "reading it would not end: the file is damaged; restore a copy or measure again"};
    case SQLITE_ERROR:
    case SQLITE_SCHEMA:
    case SQLITE_MISMATCH:
      return {ErrorCode::kInput, "its tables are not a run store's; is the file damaged?"};
    default:
      return {ErrorCode::kIo, "the store could not be used"};
  }
}

}  // namespace

Error store_error(const std::filesystem::path& path, std::string_view action, int code,
                  std::string_view detail) {
  const Cause cause = cause_of(code);
  return {cause.code, fmt::format("{}: cannot {}: {} (SQLite: {}, code {})", path.string(), action,
                                  cause.advice, detail, code)};
}

}  // namespace tugline
