#include "tugline/files/hub/blob_download.h"

#include <charconv>
#include <system_error>
#include <utility>

#include "tugline/core/error.h"
#include "tugline/core/excerpt.h"
#include "tugline/files/hub/file_lock.h"
#include "tugline/files/hub/retries.h"

namespace tugline {
namespace {

namespace fs = std::filesystem;

std::optional<DigestKind> kind_of(const std::string& etag) {
  if (etag.find_first_not_of("0123456789abcdef") != std::string::npos) return std::nullopt;
  if (etag.size() == 64) return DigestKind::kSha256;
  if (etag.size() == 40) return DigestKind::kGitBlob;
  return std::nullopt;
}

struct ContentRange {
  int64_t begin = 0;
  std::optional<int64_t> total;
};

// "bytes 100-199/200", "bytes 100-199/*".
std::optional<ContentRange> parse_content_range(std::string_view text) {
  constexpr std::string_view kUnit = "bytes ";
  if (!text.starts_with(kUnit)) return std::nullopt;
  text.remove_prefix(kUnit.size());
  ContentRange range;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), range.begin);
  const size_t slash = text.find('/');
  if (error != std::errc() || slash == std::string_view::npos || *end != '-') return std::nullopt;
  const std::string_view total = text.substr(slash + 1);
  if (total == "*") return range;
  int64_t number = 0;
  if (std::from_chars(total.data(), total.data() + total.size(), number).ec != std::errc())
    return std::nullopt;
  range.total = number;
  return range;
}

bool is_whole(const fs::path& blob, const std::optional<int64_t>& size) {
  std::error_code error;
  const auto there = fs::file_size(blob, error);
  return !error && (!size || static_cast<int64_t>(there) == *size);
}

}  // namespace

struct BlobDownload::Wanted {
  std::string url;
  std::string label;  // the URL as messages have it
  std::string file;
  std::string etag;
  std::optional<int64_t> size;
};

// The listing and the file's own headers must say the same. Completes the headers by the listing.
void BlobDownload::check_head(const HubFile& file, HubFileHead& head, const std::string& label) const {
  if (file.size && head.size && *file.size != *head.size)
    fail(ErrorCode::kInput, "{}: the hub lists {} bytes, and the file's own headers say {}", label,
         *file.size, *head.size);
  if (!head.size) head.size = file.size;
  const std::string& listed = file.sha256.empty() ? file.git_sha1 : file.sha256;
  if (!listed.empty() && kind_of(head.etag) && head.etag.size() == listed.size() && head.etag != listed)
    fail(ErrorCode::kInput, "{}: the hub lists the checksum {}, and the file's own headers say {}", label,
         listed, head.etag);
  if (!kind_of(head.etag) && !listed.empty()) head.etag = listed;
}

std::string BlobDownload::fetch(const std::string& commit, const HubFile& file) {
  const std::string url = api_.file_url(commit, file.name);
  const std::string label = shown_url(url);
  HubFileHead head =
      with_retries(Retries(client_, listener_.say), [&] { return api_.head(commit, file.name); });
  check_head(file, head, label);
  if (!head.if_range.empty()) if_range_[origin_of(url)] = head.if_range;
  const fs::path blob = repository_.blob(head.etag);
  bool has_said = false;
  const FileLock lock(repository_.lock(head.etag), [&] {
    client_.check_interruption();
    if (!std::exchange(has_said, true) && listener_.say)
      listener_.say(fmt::format("{}: another download of it is under way; waiting for that", file.name));
  });
  if (is_whole(blob, head.size)) {
    if (listener_.kept) listener_.kept(head.size.value_or(0));
    return head.etag;
  }
  PartialFile partial(repository_.partial(head.etag), kind_of(head.etag), head.size,
                      [&] { client_.check_interruption(); });
  if (listener_.kept) listener_.kept(partial.size());
  fill({url, label, file.name, head.etag, head.size}, partial);
  partial.rename_to(blob);
  return head.etag;
}

void BlobDownload::start_again(PartialFile& partial) const {
  if (listener_.kept) listener_.kept(-partial.size());
  partial.clear();
}

void BlobDownload::fill(const Wanted& wanted, PartialFile& partial) {
  for (bool was_resumed = partial.size() > 0;; was_resumed = false) {
    furthest_ = partial.size();
    if (wanted.size && partial.size() > *wanted.size) start_again(partial);
    Retries retries(client_, listener_.say);
    while (!wanted.size || partial.size() < *wanted.size) {
      try {
        attempt(wanted, partial, retries);
        if (!wanted.size) break;
      } catch (const TransientFailure& failure) {
        retries.wait_after(failure);
      }
    }
    const std::string found = partial.digest();
    if (found == wanted.etag) return;
    if (found.empty()) {
      if (listener_.say)
        listener_.say(fmt::format("{}: the server gives no checksum, so only its size is known to be right",
                                  wanted.label));
      return;
    }
    start_again(partial);
    if (was_resumed) continue;  // the earlier part may have been another file's
    partial.remove();
    fail(ErrorCode::kInput,
         "{}: what came does not have the checksum that the hub names: expected {}, found {}. Nothing of it "
         "was "
         "kept; try again, and if it stays so, the server or a proxy before it sends another file",
         wanted.label, wanted.etag, found);
  }
}

void BlobDownload::attempt(const Wanted& wanted, PartialFile& partial, Retries& retries) {
  const int64_t before = partial.size();
  bool has_begun = false;
  const auto headers = [&](const std::string& origin) {
    std::vector<std::string> lines;
    if (before == 0) return lines;
    lines.push_back(fmt::format("Range: bytes={}-", before));
    if (const auto known = if_range_.find(origin); known != if_range_.end())
      lines.push_back("If-Range: " + known->second);
    return lines;
  };
  const HttpResponse response =
      client_.send({.url = wanted.url,
                    .token = api_.token(),
                    .headers = headers,
                    .take = [&](const HttpResponse& answer, std::span<const std::byte> bytes) {
                      if (!std::exchange(has_begun, true)) begin(wanted, partial, answer);
                      take(wanted, partial, bytes);
                      if (partial.size() <= furthest_) return;  // the same bytes once more are no progress
                      furthest_ = partial.size();
                      retries.made_progress();
                    }});
  if (response.status == 416) {  // what is here is longer than what is there, or not of it
    start_again(partial);
    throw TransientFailure(
        fmt::format("{}: the server has no byte {} to go on from (416)", wanted.label, before));
  }
  api_.check_status(response, wanted.file);
  if (!has_begun) begin(wanted, partial, response);  // an empty body
  if (wanted.size && partial.size() < *wanted.size)
    throw TransientFailure(
        fmt::format("{}: ended after {} of {} bytes", wanted.label, partial.size(), *wanted.size));
}

// Checks that the answer is what was asked for, before its first byte is kept.
void BlobDownload::begin(const Wanted& wanted, PartialFile& partial, const HttpResponse& response) {
  if (const std::string etag = normalised_etag(response.linked_etag); !etag.empty() && etag != wanted.etag)
    fail(ErrorCode::kInput, "{}: the hub said that the checksum is {}, and now says {}", wanted.label,
         wanted.etag, excerpt(etag));
  if (const std::string etag = response.header("etag"); etag.starts_with('"'))
    if_range_[origin_of(response.url)] = etag;
  if (response.status != 206) {
    if (partial.size() > 0) start_again(partial);  // the whole file, whatever was asked for
    return;
  }
  const auto range = parse_content_range(response.header("content-range"));
  const bool is_right = range && range->begin == partial.size() &&
                        (!range->total || !wanted.size || *range->total == *wanted.size);
  if (is_right) return;
  const int64_t asked = partial.size();
  start_again(partial);
  throw TransientFailure(fmt::format("{}: asked for the bytes from {}, and the server answers '{}'",
                                     wanted.label, asked, excerpt(response.header("content-range"))));
}

void BlobDownload::take(const Wanted& wanted, PartialFile& partial, std::span<const std::byte> bytes) {
  const int64_t size = partial.size() + static_cast<int64_t>(bytes.size());
  if (wanted.size && size > *wanted.size) {
    partial.remove();
    fail(ErrorCode::kInput,
         "{}: sends more than the {} bytes that the hub says it has. Nothing of it was kept", wanted.label,
         *wanted.size);
  }
  partial.append(bytes);
  if (listener_.received) listener_.received(static_cast<int64_t>(bytes.size()));
}

}  // namespace tugline
