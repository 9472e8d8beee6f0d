#include "tugline/files/hub/hub_api.h"

#include <algorithm>
#include <charconv>

#include "tugline/core/error.h"
#include "tugline/core/excerpt.h"

namespace tugline {
namespace {

constexpr size_t kMostListing = size_t{64} << 20;

std::optional<int64_t> number_in(const std::string& text) {
  int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number < 0) return std::nullopt;
  return number;
}

// It becomes a file's name.
bool can_name_a_file(const std::string& etag) {
  constexpr size_t kLongest = 128;
  return !etag.empty() && etag.size() <= kLongest && etag.front() != '.' &&
         std::ranges::all_of(etag, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                  c == '_' || c == '.';
         });
}

}  // namespace

std::string normalised_etag(const std::string& header) {
  std::string etag = header;
  if (etag.starts_with("W/")) etag.erase(0, 2);
  if (etag.size() >= 2 && etag.front() == '"' && etag.back() == '"') etag = etag.substr(1, etag.size() - 2);
  return etag;
}

std::string HubApi::about_token() const {
  return settings_.token.empty() ? "no token was sent: log in with `hf auth login`, or set HF_TOKEN"
                                 : "the token that was sent (HF_TOKEN or the token file) does not allow it";
}

std::string HubApi::file_url(const std::string& commit, const std::string& file) const {
  return fmt::format("{}/{}/resolve/{}/{}", settings_.endpoint, model_.repository(), commit,
                     url_encoded(file, "/"));
}

void HubApi::check_status(const HttpResponse& response, const std::string& file) const {
  const int status = response.status;
  if (status >= 200 && status < 300) return;
  const std::string where = fmt::format("{} ({})", model_.text(), shown_url(response.url));
  const std::string code = response.header("x-error-code");
  const std::string page = fmt::format("{}/{}", settings_.endpoint, model_.repository());
  if (status == 408 || status == 429 || status >= 500) {
    TransientFailure failure(fmt::format("{}: the server answers {}", shown_url(response.url),
                                         status == 429 ? "429, too many requests" : std::to_string(status)));
    failure.wait = response.retry_after;
    throw failure;
  }
  if (code == "GatedRepo" || (status == 403 && code.empty()))
    fail(ErrorCode::kNotFound, "{}: the hub answers {}: the model is gated; accept its conditions at {}. {}",
         where, status, shown_url(page), about_token());
  if (code == "RevisionNotFound" ||
      (status == 404 && file.empty() && code.empty() && !model_.revision.empty()))
    fail(ErrorCode::kNotFound, "{}: the hub has no revision '{}' of {}", where, model_.wanted_revision(),
         model_.repository());
  if (code == "EntryNotFound" || (status == 404 && !file.empty() && code != "RepoNotFound"))
    fail(ErrorCode::kNotFound, "{}: the hub answers {}: it lists the file {} and does not have it", where,
         status, excerpt(file));
  if (status == 401 || status == 403 || status == 404)
    fail(ErrorCode::kNotFound, "{}: the hub answers {}: check the name; if the model is private or gated: {}",
         where, status, about_token());
  fail(ErrorCode::kIo, "{}: the server answers {}{}{}", where, status,
       response.error_body.empty() ? "" : ": ", excerpt(response.error_body));
}

HubListing HubApi::listing() const {
  const std::string url = fmt::format("{}/api/models/{}/revision/{}?blobs=true", settings_.endpoint,
                                      model_.repository(), url_encoded(model_.wanted_revision()));
  std::string body;
  const HttpResponse response =
      client_.send({.url = url,
                    .token = settings_.token,
                    .take = [&](const HttpResponse&, std::span<const std::byte> bytes) {
                      if (body.size() + bytes.size() > kMostListing)
                        fail(ErrorCode::kInput, "{}: the list of files is longer than {} bytes",
                             shown_url(url), kMostListing);
                      body.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
                    }});
  check_status(response, "");
  HubListing listing = parse_hub_listing(body, shown_url(url));
  if (is_commit(model_.revision) && listing.commit != model_.revision)
    fail(ErrorCode::kInput, "{}: answers for the commit {}, not the one asked for", shown_url(url),
         listing.commit);
  return listing;
}

HubFileHead HubApi::head(const std::string& commit, const std::string& file) const {
  const HttpResponse response =
      client_.send({.url = file_url(commit, file), .is_head = true, .token = settings_.token});
  const bool is_elsewhere = response.status >= 300 && response.status < 400;
  if (!is_elsewhere) check_status(response, file);
  const std::string label = shown_url(file_url(commit, file));
  const std::string header = response.linked_etag.empty() ? response.header("etag") : response.linked_etag;
  HubFileHead head{.etag = normalised_etag(header), .size = std::nullopt, .if_range = ""};
  if (!can_name_a_file(head.etag))
    fail(ErrorCode::kInput,
         "{}: the server's ETag is '{}', expected the file's checksum: is HF_ENDPOINT a hub?", label,
         excerpt(header));
  const std::string size = !response.linked_size.empty() ? response.linked_size
                           : is_elsewhere                ? ""
                                                         : response.header("content-length");
  head.size = number_in(size);
  if (!size.empty() && !head.size)
    fail(ErrorCode::kInput, "{}: the server's size is '{}', expected a number of bytes", label,
         excerpt(size));
  const std::string own = response.header("etag");
  if (!is_elsewhere && !response.was_redirected && own.starts_with('"')) head.if_range = own;
  return head;
}

}  // namespace tugline
