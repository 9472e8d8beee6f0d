#include "tugline/store/hot_journal.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <fstream>
#include <optional>
#include <string>
#include <system_error>
#include <thread>
#include <utility>

#include "tugline/core/error.h"

namespace tugline {
namespace fs = std::filesystem;
namespace {

constexpr std::array<unsigned char, 8> kJournalMagic = {0xd9, 0xd5, 0x05, 0xf9, 0x20, 0xa1, 0x63, 0xd7};
constexpr size_t kDatabaseHeader = 100;  // bytes, of page 1

using DatabaseHeader = std::array<unsigned char, kDatabaseHeader>;

template <size_t size>
uint32_t big_endian(const std::array<unsigned char, size>& bytes, size_t offset) {
  uint32_t value = 0;
  for (size_t i = 0; i < 4; ++i) value = value << 8 | bytes.at(offset + i);
  return value;
}

// A store or its journal.
struct ReadFile {
  // If there is no such file, the stream is not open. Errors: kIo if the system does not open it.
  explicit ReadFile(fs::path name) : path(std::move(name)) {
    errno = 0;
    stream.open(path, std::ios::binary);
    if (!stream.is_open() && errno != ENOENT)
      fail(ErrorCode::kIo, "{}: cannot be opened: {}", path.string(), std::generic_category().message(errno));
  }
  fs::path path;
  std::ifstream stream;
};

// No value if the file ends before.
template <size_t size>
std::optional<std::array<unsigned char, size>> read_at(ReadFile& file, uint64_t offset) {
  std::array<unsigned char, size> bytes{};
  file.stream.clear();
  file.stream.seekg(static_cast<std::streamoff>(offset));
  file.stream.read(reinterpret_cast<char*>(bytes.data()), size);
  if (file.stream.bad()) fail(ErrorCode::kIo, "{}: cannot be read", file.path.string());
  if (!file.stream) return std::nullopt;
  return bytes;
}

uint32_t change_counter(const DatabaseHeader& header) { return big_endian(header, 24); }
uint32_t page_count(const DatabaseHeader& header) { return big_endian(header, 28); }

// One segment of a journal: a header, then that number of records, each with a page number, the old page and
// a checksum.
struct Segment {
  uint32_t records;
  uint32_t pages_before;  // of the database, before the transaction
  uint32_t sector;        // bytes that the header fills
  uint32_t page;          // bytes
};

std::optional<Segment> read_segment(ReadFile& journal, uint64_t offset) {
  const auto bytes = read_at<28>(journal, offset);
  if (!bytes || !std::equal(kJournalMagic.begin(), kJournalMagic.end(), bytes->begin())) return std::nullopt;
  const Segment segment{.records = big_endian(*bytes, 8),
                        .pages_before = big_endian(*bytes, 16),
                        .sector = big_endian(*bytes, 20),
                        .page = big_endian(*bytes, 24)};
  if (segment.sector < 32 || segment.page < 512) return std::nullopt;  // SQLite does not play it back either
  return segment;
}

// The database's header before the transaction; no value if the transaction had not changed it yet.
std::optional<DatabaseHeader> header_before(ReadFile& journal, uint64_t size, const Segment& first) {
  uint64_t offset = 0;
  for (std::optional<Segment> segment = first; segment; segment = read_segment(journal, offset)) {
    offset += first.sector;
    for (uint32_t i = 0; i < segment->records && offset < size; ++i, offset += first.page + 8) {
      const auto number = read_at<4>(journal, offset);
      if (number && big_endian(*number, 0) == 1) return read_at<kDatabaseHeader>(journal, offset + 4);
    }
    offset = (offset + first.sector - 1) / first.sector * first.sector;
  }
  return std::nullopt;
}

// A journal that ends so belongs to a transaction over several databases, whose list of journals SQLite
// deletes afterwards, whatever file is named there.
bool names_other_files(ReadFile& journal, uint64_t size) {
  return size >= kJournalMagic.size() && read_at<8>(journal, size - kJournalMagic.size()) == kJournalMagic;
}

// A transaction raises the change counter by 1 when it commits; until then it may have written page 1 with
// other pages only.
bool is_of(const DatabaseHeader& now, const std::optional<DatabaseHeader>& before, uint32_t pages_before) {
  if (!before) return page_count(now) == pages_before;
  const uint32_t commits = change_counter(now) - change_counter(*before);
  return page_count(*before) == pages_before && commits <= 1;
}

// A journal that SQLite would play back, and that was not written for the store.
bool has_foreign_journal(const fs::path& store, const fs::path& path) {
  ReadFile database(store);
  const auto header = read_at<kDatabaseHeader>(database, 0);
  ReadFile journal(path);
  if (!header || !journal.stream.is_open()) return false;
  const auto size = static_cast<uint64_t>(journal.stream.seekg(0, std::ios::end).tellg());
  const std::optional<Segment> first = read_segment(journal, 0);
  if (!first) return false;  // not begun, or finished: SQLite applies nothing
  return names_other_files(journal, size) ||
         !is_of(*header, header_before(journal, size, *first), first->pages_before);
}

void check_is_no_log(const fs::path& store) {
  ReadFile database(store);
  const auto header = read_at<kDatabaseHeader>(database, 0);
  if (header && ((*header)[18] == 2 || (*header)[19] == 2)) {
    fail(ErrorCode::kUnsupported,
         "{0}: another program changed it to a write-ahead log; run: sqlite3 {0} 'PRAGMA journal_mode = "
         "DELETE'",
         store.string());
  }
}

}  // namespace

void check_hot_journal(const fs::path& store) {
  check_is_no_log(store);
  const fs::path path = store.string() + "-journal";
  // A writer at work changes both files, one after the other: what is wrong stays wrong.
  constexpr int kLooks = 5;
  for (int look = 0; has_foreign_journal(store, path); ++look) {
    if (look == kLooks) {
      fail(ErrorCode::kConflict,
           "{}: {} is the journal of another store, or of another state of this one, and SQLite would play "
           "it into the "
           "file. If you put this store in the place of one that was killed, delete the journal or move it "
           "to its own "
           "store",
           store.string(), path.string());
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
}

}  // namespace tugline
