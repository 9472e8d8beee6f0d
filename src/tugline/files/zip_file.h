// Reads zip archives, as NumPy writes .npz: members that are stored or deflated (zlib). Internal to files/.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace tugline {

struct ZipMember {
  std::string name;
  uint16_t method = 0;  // 0: stored, 8: deflated
  uint32_t checksum = 0;
  uint64_t size = 0;                   // uncompressed
  std::span<const std::byte> content;  // as the archive holds it
};

// Reads the archive's directory; members view `archive`. Errors (messages begin with `label`): kInput for a
// damaged archive, or two members of one name; kUnsupported for encrypted members and archives beyond 4 GiB
// (zip64).
[[nodiscard]] std::vector<ZipMember> read_zip_directory(std::span<const std::byte> archive,
                                                        const std::string& label);

// Returns a member's content after checking its length and checksum. Errors as above; also a method other
// than the two.
[[nodiscard]] std::vector<std::byte> unzipped(const ZipMember& member, const std::string& label);

}  // namespace tugline
