#include "tugline/files/hub/digest.h"

#include <openssl/evp.h>

#include <array>

#include "tugline/core/error.h"

namespace tugline {
namespace {

using Context = std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)>;

void expect_done(int result) {
  if (result != 1)
    fail(ErrorCode::kIo, "the checksum cannot be computed: the system's OpenSSL does not offer it");
}

}  // namespace

struct Digest::State {
  Context context{EVP_MD_CTX_new(), EVP_MD_CTX_free};
};

Digest::Digest(DigestKind kind, uint64_t size) : state_(std::make_unique<State>()) {
  EVP_MD_CTX* context = state_->context.get();
  expect_done(context != nullptr ? 1 : 0);
  expect_done(EVP_DigestInit_ex(context, kind == DigestKind::kSha256 ? EVP_sha256() : EVP_sha1(), nullptr));
  if (kind != DigestKind::kGitBlob) return;
  const std::string head = fmt::format("blob {}", size);
  expect_done(EVP_DigestUpdate(context, head.c_str(), head.size() + 1));
}

Digest::~Digest() = default;
Digest::Digest(Digest&&) noexcept = default;
Digest& Digest::operator=(Digest&&) noexcept = default;

void Digest::add(std::span<const std::byte> bytes) {
  expect_done(EVP_DigestUpdate(state_->context.get(), bytes.data(), bytes.size()));
}

std::string Digest::finish() {
  std::array<unsigned char, EVP_MAX_MD_SIZE> bytes{};
  unsigned size = 0;
  expect_done(EVP_DigestFinal_ex(state_->context.get(), bytes.data(), &size));
  std::string text;
  for (unsigned i = 0; i < size; ++i) text += fmt::format("{:02x}", bytes[i]);
  return text;
}

}  // namespace tugline
