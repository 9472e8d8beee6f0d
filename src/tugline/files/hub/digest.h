// The hub's checksums: SHA-256 of a large file's content, and git's SHA-1 of a small one. Internal to
// files/.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

namespace tugline {

enum class DigestKind {
  kSha256,
  kGitBlob,  // SHA-1 of "blob SIZE", a zero byte and the content
};

class Digest {
 public:
  // `size` is the content's, which git's digest begins with; it is not used for SHA-256.
  Digest(DigestKind kind, uint64_t size);
  ~Digest();
  Digest(Digest&&) noexcept;
  Digest& operator=(Digest&&) noexcept;
  Digest(const Digest&) = delete;
  Digest& operator=(const Digest&) = delete;

  void add(std::span<const std::byte> bytes);
  // The digest in lower-case hexadecimal digits. Call it once; nothing may be added afterwards.
  [[nodiscard]] std::string finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace tugline
