// Layout (PKWARE's APPNOTE.TXT, 4.3): each member is a local header, whose own name and extra field vary in
// length, and its content; a central directory lists all members; an end record says where the directory is.
#include "tugline/files/zip_file.h"

#include <zlib.h>

#include <algorithm>
#include <limits>
#include <set>
#include <string_view>
#include <utility>

#include "tugline/core/deflate.h"
#include "tugline/core/error.h"
#include "tugline/files/byte_reader.h"
#include "tugline/files/dequantise.h"

namespace tugline {
namespace {

constexpr uint32_t kLocalHeader = 0x04034b50;
constexpr uint32_t kDirectoryEntry = 0x02014b50;
constexpr uint32_t kEndRecord = 0x06054b50;
constexpr size_t kEndRecordBytes = 22;      // without the comment after it
constexpr size_t kLongestComment = 0xffff;  // its length is a 16-bit number
constexpr uint64_t kMostExpansion = 1032;   // deflate's own bound: 258 bytes out of two bits
constexpr uint32_t kInZip64 = 0xffffffff;   // the number is in a zip64 record
constexpr uint16_t kEncrypted = 1;          // a flag
constexpr uint16_t kStored = 0;
constexpr uint16_t kDeflated = 8;

[[noreturn]] void damaged(const std::string& label, std::string_view what) {
  fail(ErrorCode::kInput, "{}: {}; it is no zip archive (.npz), or truncated or damaged", label, what);
}

// The end record is last; only a comment may follow it.
ByteReader at_end_record(std::span<const std::byte> archive, const std::string& label) {
  const size_t earliest = archive.size() - std::min(archive.size(), kEndRecordBytes + kLongestComment);
  for (size_t at = archive.size() - std::min(archive.size(), kEndRecordBytes) + 1; at-- > earliest;) {
    if (at + kEndRecordBytes > archive.size() || load<uint32_t>(archive.data() + at) != kEndRecord) continue;
    ByteReader reader(archive, label);
    static_cast<void>(reader.take(at + sizeof kEndRecord, "the bytes before the end record"));
    return reader;
  }
  damaged(label, "has no end of central directory");
}

// The content after the local header, which has its own lengths of name and extra field.
std::span<const std::byte> content_at(std::span<const std::byte> archive, uint64_t offset, uint64_t size,
                                      const std::string& label) {
  ByteReader reader(archive, label);
  static_cast<void>(reader.take(offset, "the bytes before a member"));
  if (reader.read<uint32_t>("a member's header") != kLocalHeader) damaged(label, "a member has no header");
  static_cast<void>(reader.take(22, "a member's header"));
  const auto name = reader.read<uint16_t>("a member's header");
  const auto extra = reader.read<uint16_t>("a member's header");
  static_cast<void>(reader.take(uint64_t{name} + extra, "a member's name"));
  return reader.take(size, "a member's content");
}

ZipMember read_entry(ByteReader& reader, std::span<const std::byte> archive) {
  constexpr std::string_view kWhat = "an entry of the central directory";
  const std::string& label = reader.label();
  if (reader.read<uint32_t>(kWhat) != kDirectoryEntry) damaged(label, "its central directory is malformed");
  static_cast<void>(reader.take(4, kWhat));  // versions
  const auto flags = reader.read<uint16_t>(kWhat);
  ZipMember member{.name = {}, .method = reader.read<uint16_t>(kWhat), .content = {}};
  static_cast<void>(reader.take(4, kWhat));  // time and date
  member.checksum = reader.read<uint32_t>(kWhat);
  const auto compressed = reader.read<uint32_t>(kWhat);
  const auto size = reader.read<uint32_t>(kWhat);
  const auto name = reader.read<uint16_t>(kWhat);
  const auto extra = reader.read<uint16_t>(kWhat);
  const auto comment = reader.read<uint16_t>(kWhat);
  static_cast<void>(reader.take(8, kWhat));  // disk and attributes
  const auto offset = reader.read<uint32_t>(kWhat);
  const auto text = reader.take(name, kWhat);
  member.name.assign(reinterpret_cast<const char*>(text.data()), text.size());
  static_cast<void>(reader.take(uint64_t{extra} + comment, kWhat));
  if ((flags & kEncrypted) != 0)
    fail(ErrorCode::kUnsupported, "{}: '{}' is encrypted", label, printable(member.name));
  if (compressed == kInZip64 || size == kInZip64 || offset == kInZip64)
    fail(ErrorCode::kUnsupported, "{}: '{}' is beyond 4 GiB (zip64)", label, printable(member.name));
  member.size = size;
  member.content = content_at(archive, offset, compressed, label);
  return member;
}

std::vector<std::byte> unpacked(const ZipMember& member, const std::string& label) {
  if (member.size / kMostExpansion > member.content.size()) damaged(label, "claims more than it can hold");
  auto bytes = inflated(member.content, member.size, DeflateFrame::kNone);
  if (!bytes || bytes->size() != member.size) damaged(label, "does not unpack to the size that it claims");
  return *std::move(bytes);
}

}  // namespace

std::vector<ZipMember> read_zip_directory(std::span<const std::byte> archive, const std::string& label) {
  ByteReader end = at_end_record(archive, label);
  static_cast<void>(end.take(6, "the end record"));  // disks, members on this one
  const auto count = end.read<uint16_t>("the end record");
  static_cast<void>(end.read<uint32_t>("the end record"));
  const auto offset = end.read<uint32_t>("the end record");
  if (count == std::numeric_limits<uint16_t>::max() || offset == kInZip64)
    fail(ErrorCode::kUnsupported, "{}: is a zip64 archive (beyond 4 GiB or 65,534 members)", label);
  ByteReader directory(archive, label);
  static_cast<void>(directory.take(offset, "the bytes before the central directory"));
  std::vector<ZipMember> members;
  std::set<std::string> names;
  uint64_t content = 0;
  for (uint16_t i = 0; i < count; ++i) {
    members.push_back(read_entry(directory, archive));
    if (!names.insert(members.back().name).second)
      fail(ErrorCode::kInput, "{}: holds '{}' twice", label, printable(members.back().name));
    // Members of the same bytes would unpack to many times what the file could hold.
    content += members.back().content.size();
    if (content > archive.size()) damaged(label, "its members overlap");
  }
  return members;
}

std::vector<std::byte> unzipped(const ZipMember& member, const std::string& label) {
  std::vector<std::byte> content;
  if (member.method == kDeflated) {
    content = unpacked(member, label);
  } else if (member.method == kStored && member.size == member.content.size()) {
    content.assign(member.content.begin(), member.content.end());
  } else if (member.method == kStored) {
    damaged(label, "claims two sizes");
  } else {
    fail(ErrorCode::kUnsupported, "{}: is compressed by method {}; tugline reads stored and deflated members",
         label, member.method);
  }
  const auto* bytes = reinterpret_cast<const Bytef*>(content.data());
  if (crc32_z(0, bytes, content.size()) != member.checksum)
    damaged(label, "has another checksum than it claims");
  return content;
}

}  // namespace tugline
