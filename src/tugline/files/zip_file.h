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

// The archive's directory; members view `archive`. Errors (beginning with `label`): kInput for what is damaged, kUnsupported for
// encrypted members and archives beyond 4 GiB (zip64), two members of one name.
[[nodiscard]] std::vector<ZipMember> read_zip_directory(std::span<const std::byte> archive,
                                                        const std::string& label);

// A member's content, its length and checksum compared. Errors (beginning with `label`): as above; another method than the two.
[[nodiscard]] std::vector<std::byte> unzipped(const ZipMember& member, const std::string& label);

}  // namespace tugline
