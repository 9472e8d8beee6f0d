#include "tugline/files/hub/http.h"

#include <curl/curl.h>
#include <signal.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>
#include <ctime>
#include <exception>
#include <filesystem>
#include <memory>
#include <string_view>
#include <utility>

#include "tugline/core/error.h"
#include "tugline/core/excerpt.h"
#include "tugline/core/version.h"

namespace tugline {
namespace {

constexpr int kMostRedirects = 10;
constexpr size_t kMostErrorBody = size_t{64} << 10;

using Easy = std::unique_ptr<CURL, decltype(&curl_easy_cleanup)>;
using HeaderLines = std::unique_ptr<curl_slist, decltype(&curl_slist_free_all)>;
using Url = std::unique_ptr<CURLU, decltype(&curl_url_cleanup)>;

void start_curl() {
  static const CURLcode code =
      curl_global_init(CURL_GLOBAL_DEFAULT);  // initialised once, whichever thread comes first
  if (code != CURLE_OK) fail(ErrorCode::kIo, "libcurl cannot start: {}", curl_easy_strerror(code));
}

// TLS libraries write to sockets that the other side may have closed. The signal is not for the program to
// die of.
class WithoutBrokenPipes {
 public:
  WithoutBrokenPipes() {
    sigemptyset(&pipe_);
    sigaddset(&pipe_, SIGPIPE);
    sigset_t pending;
    sigpending(&pending);
    was_pending_ = sigismember(&pending, SIGPIPE) != 0;
    pthread_sigmask(SIG_BLOCK, &pipe_, &before_);
  }
  ~WithoutBrokenPipes() {
    const timespec now{};
    if (!was_pending_)
      while (sigtimedwait(&pipe_, nullptr, &now) > 0) {
      }
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }
  WithoutBrokenPipes(const WithoutBrokenPipes&) = delete;
  WithoutBrokenPipes& operator=(const WithoutBrokenPipes&) = delete;

 private:
  sigset_t pipe_{};
  sigset_t before_{};
  bool was_pending_ = false;
};

Url parse_url(const std::string& url) {
  start_curl();
  Url parsed(curl_url(), curl_url_cleanup);
  if (parsed == nullptr || curl_url_set(parsed.get(), CURLUPART_URL, url.c_str(), 0) != CURLUE_OK)
    fail(ErrorCode::kInput, "'{}' is no address", excerpt(url.substr(0, url.find('?'))));
  return parsed;
}

std::string part_of(const Url& url, CURLUPart part, unsigned flags = 0) {
  char* text = nullptr;
  if (curl_url_get(url.get(), part, &text, flags) != CURLUE_OK || text == nullptr) return "";
  std::string result = text;
  curl_free(text);
  return result;
}

// Where a redirect leads, seen from `url`.
std::string redirected(const std::string& url, const std::string& location) {
  const Url target = parse_url(url);
  if (curl_url_set(target.get(), CURLUPART_URL, location.c_str(), 0) != CURLUE_OK)
    fail(ErrorCode::kInput, "{}: redirects to '{}', which is no address", shown_url(url),
         excerpt(location.substr(0, location.find('?'))));
  const std::string scheme = part_of(target, CURLUPART_SCHEME);
  const bool is_https = url.starts_with("https:");
  if (scheme != "https" && (scheme != "http" || is_https))
    fail(ErrorCode::kInput, "{}: redirects from {} to {}, which is not followed", shown_url(url),
         is_https ? "https" : "http", scheme);
  return part_of(target, CURLUPART_URL);
}

// One exchange as libcurl's callbacks see it.
struct Exchange {
  const HttpRequest& request;
  const HttpClient& client;
  HttpResponse response = {};
  std::exception_ptr thrown = nullptr;
};

std::string lower_case(std::string_view text) {
  std::string result(text);
  std::ranges::transform(result, result.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return result;
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  const size_t begin = text.find_first_not_of(kSpace);
  if (begin == std::string_view::npos) return "";
  return text.substr(begin, text.find_last_not_of(kSpace) + 1 - begin);
}

// "HTTP/1.1 206 Partial Content".
void begin_response(std::string_view line, HttpResponse& response) {
  response.headers.clear();  // a 100 Continue may have come before
  response.status = 0;
  const size_t begin = std::min(line.find(' '), line.size());
  const std::string_view rest = trimmed(line.substr(begin));
  std::from_chars(rest.data(), rest.data() + rest.size(), response.status);
}

size_t take_header(char* data, size_t size, size_t count, void* user) {
  HttpResponse& response = static_cast<Exchange*>(user)->response;
  const std::string_view line(data, size * count);
  if (line.starts_with("HTTP/")) {
    begin_response(line, response);
  } else if (const size_t colon = line.find(':'); colon != std::string_view::npos) {
    const std::string name = lower_case(trimmed(line.substr(0, colon)));
    response.headers[name] = trimmed(line.substr(colon + 1));
    if (name == "x-linked-etag" && response.linked_etag.empty())
      response.linked_etag = response.headers[name];
    if (name == "x-linked-size" && response.linked_size.empty())
      response.linked_size = response.headers[name];
  }
  return size * count;
}

size_t take_body(char* data, size_t size, size_t count, void* user) {
  auto& [request, client, response, thrown] = *static_cast<Exchange*>(user);
  const size_t bytes = size * count;
  if (response.status >= 300) {
    response.error_body.append(data, std::min(bytes, kMostErrorBody - response.error_body.size()));
    return bytes;
  }
  try {
    if (request.take) request.take(response, std::as_bytes(std::span(data, bytes)));
  } catch (...) {
    thrown = std::current_exception();
    return bytes == 0 ? 1 : 0;  // another number than it was given ends the exchange
  }
  return bytes;
}

int ask_to_go_on(void* user, curl_off_t /*total*/, curl_off_t /*now*/, curl_off_t /*up*/,
                 curl_off_t /*sent*/) {
  return static_cast<const Exchange*>(user)->client.goes_on() ? 0 : 1;
}

template <typename Value>
void set(const Easy& easy, CURLoption option, Value value) {
  const CURLcode code = curl_easy_setopt(easy.get(), option, value);
  if (code != CURLE_OK) fail(ErrorCode::kIo, "libcurl: option {}: {}", int{option}, curl_easy_strerror(code));
}

// The certificate bundles of the distributions. A wheel brings the libcurl of the machine that built it,
// which looks in that one's place only.
constexpr std::array kBundles{"/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt",
                              "/etc/ssl/ca-bundle.pem", "/etc/ssl/cert.pem"};

// By the environment as the curl program does (the library itself does not look), else the system's bundle.
void set_authorities(const Easy& easy) {
  const char* bundle = std::getenv("CURL_CA_BUNDLE");
  if (bundle != nullptr && *bundle != '\0') return set(easy, CURLOPT_CAINFO, bundle);
  const char* const folder = std::getenv("SSL_CERT_DIR");
  if (folder != nullptr && *folder != '\0') set(easy, CURLOPT_CAPATH, folder);
  const char* const file = std::getenv("SSL_CERT_FILE");
  if (file != nullptr && *file != '\0') return set(easy, CURLOPT_CAINFO, file);
  for (const char* known : kBundles)
    if (std::error_code ignored; std::filesystem::exists(known, ignored))
      return set(easy, CURLOPT_CAINFO, known);
}

enum class Failure { kTransient, kUnreachable, kCertificate, kFinal };

Failure kind_of(CURLcode code) {
  switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_CONNECT:
      return Failure::kUnreachable;
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
      return Failure::kCertificate;
    case CURLE_PARTIAL_FILE:
    case CURLE_OPERATION_TIMEDOUT:
    case CURLE_RECV_ERROR:
    case CURLE_SEND_ERROR:
    case CURLE_GOT_NOTHING:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_HTTP2:
    case CURLE_HTTP2_STREAM:
    case CURLE_WEIRD_SERVER_REPLY:
      return Failure::kTransient;
    default:
      return Failure::kFinal;
  }
}

[[noreturn]] void fail_to_exchange(CURLcode code, const std::string& detail, const std::string& url,
                                   bool has_been_answered) {
  const std::string what = detail.empty() ? curl_easy_strerror(code) : detail;
  const std::string where = shown_url(url);
  // A firewall that drops packets looks like a stall. The first one is not waited for again.
  const bool is_silent = code == CURLE_OPERATION_TIMEDOUT && !has_been_answered;
  const Failure kind = is_silent ? Failure::kUnreachable : kind_of(code);
  if (kind == Failure::kUnreachable && !has_been_answered)
    fail(ErrorCode::kIo,
         "{} cannot be reached: {}; is there a network, or a proxy to be named in HTTPS_PROXY?",
         origin_of(url), excerpt(what));
  if (kind == Failure::kCertificate)
    fail(
        ErrorCode::kIo,
        "{}: the server's certificate cannot be verified: {}; if the authority that signed it is yours, name "
        "its file in SSL_CERT_FILE",
        where, excerpt(what, 200));
  if (kind == Failure::kFinal) fail(ErrorCode::kIo, "{}: {}", where, excerpt(what, 200));
  throw TransientFailure(fmt::format("{}: {}", where, excerpt(what, 200)));
}

}  // namespace

std::string HttpResponse::header(const std::string& name) const {
  const auto found = headers.find(name);
  return found == headers.end() ? "" : found->second;
}

std::string shown_url(const std::string& url) {
  const Url parsed = parse_url(url);
  const std::string port = part_of(parsed, CURLUPART_PORT);
  const std::string path = part_of(parsed, CURLUPART_PATH);
  return fmt::format("{}://{}{}{}{}", part_of(parsed, CURLUPART_SCHEME), part_of(parsed, CURLUPART_HOST),
                     port.empty() ? "" : ":", port, path == "/" ? "" : path);
}

std::string origin_of(const std::string& url) {
  const Url parsed = parse_url(url);
  return lower_case(fmt::format("{}://{}:{}", part_of(parsed, CURLUPART_SCHEME),
                                part_of(parsed, CURLUPART_HOST),
                                part_of(parsed, CURLUPART_PORT, CURLU_DEFAULT_PORT)));
}

std::string url_encoded(const std::string& text, const std::string& kept) {
  constexpr std::string_view kPlain = "-._~";
  std::string result;
  for (const char c : text) {
    const bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                          kPlain.find(c) != std::string_view::npos || kept.find(c) != std::string::npos;
    result += is_plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return result;
}

HttpClient::HttpClient(std::chrono::seconds stall, std::function<bool()> keep_going)
    : stall_(stall), keep_going_(std::move(keep_going)) {
  start_curl();
}

void HttpClient::check_interruption() const {
  if (!goes_on())
    throw Error(ErrorCode::kInterrupted,
                "interrupted; what was downloaded is kept, and the same command goes on");
}

HttpResponse HttpClient::exchange(const HttpRequest& request, HttpResponse so_far) {
  const Easy easy(curl_easy_init(), curl_easy_cleanup);
  if (easy == nullptr) fail(ErrorCode::kIo, "libcurl has no memory for a request");
  Exchange exchange{request, *this, std::move(so_far)};
  const std::string url = exchange.response.url;
  std::vector<std::string> lines{"Accept-Encoding: identity"};
  if (!exchange.response.was_redirected && !request.token.empty())
    lines.push_back("Authorization: Bearer " + request.token);
  if (request.headers)
    for (std::string& line : request.headers(origin_of(url))) lines.push_back(std::move(line));
  HeaderLines header(nullptr, curl_slist_free_all);
  for (const std::string& line : lines) {
    curl_slist* longer = curl_slist_append(header.get(), line.c_str());
    if (longer == nullptr) fail(ErrorCode::kIo, "libcurl has no memory for a request");
    static_cast<void>(header.release());
    header.reset(longer);
  }
  std::array<char, CURL_ERROR_SIZE> detail{};
  set(easy, CURLOPT_URL, url.c_str());
  set(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  set(easy, CURLOPT_NOSIGNAL, 1L);
  set(easy, CURLOPT_NOBODY, request.is_head ? 1L : 0L);
  set(easy, CURLOPT_HTTPHEADER, header.get());
  set(easy, CURLOPT_USERAGENT, fmt::format("tugline/{}", kVersion).c_str());
  set(easy, CURLOPT_CONNECTTIMEOUT, static_cast<long>(stall_.count()));
  set(easy, CURLOPT_LOW_SPEED_LIMIT, 1L);
  set(easy, CURLOPT_LOW_SPEED_TIME, static_cast<long>(stall_.count()));
  set(easy, CURLOPT_BUFFERSIZE, long{512} << 10);
  set(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  set(easy, CURLOPT_ERRORBUFFER, detail.data());
  set(easy, CURLOPT_HEADERFUNCTION, take_header);
  set(easy, CURLOPT_HEADERDATA, &exchange);
  set(easy, CURLOPT_WRITEFUNCTION, take_body);
  set(easy, CURLOPT_WRITEDATA, &exchange);
  set(easy, CURLOPT_NOPROGRESS, 0L);
  set(easy, CURLOPT_XFERINFOFUNCTION, ask_to_go_on);
  set(easy, CURLOPT_XFERINFODATA, &exchange);
  set_authorities(easy);
  const WithoutBrokenPipes quiet;
  const CURLcode code = curl_easy_perform(easy.get());
  if (exchange.thrown) std::rethrow_exception(exchange.thrown);
  check_interruption();
  if (code != CURLE_OK) fail_to_exchange(code, detail.data(), url, has_been_answered_);
  has_been_answered_ = true;
  curl_off_t wait = 0;
  curl_easy_getinfo(easy.get(), CURLINFO_RETRY_AFTER, &wait);
  if (wait > 0) exchange.response.retry_after = std::chrono::seconds(wait);
  return std::move(exchange.response);
}

HttpResponse HttpClient::send(const HttpRequest& request) {
  const std::string first_host = origin_of(request.url);
  HttpResponse response{.url = request.url};
  for (int hop = 0; hop <= kMostRedirects; ++hop) {
    check_interruption();
    response = exchange(request, {.url = response.url,
                                  .was_redirected = response.was_redirected,
                                  .linked_etag = response.linked_etag,
                                  .linked_size = response.linked_size});
    const std::string location = response.header("location");
    if (response.status < 300 || response.status >= 400 || location.empty()) return response;
    const std::string next = redirected(response.url, location);
    const bool is_elsewhere = origin_of(next) != first_host;
    // What a file is, its own host says; where its bytes are does not matter then.
    if (request.is_head && is_elsewhere && !response.linked_etag.empty()) return response;
    response.url = next;
    response.was_redirected = is_elsewhere;
  }
  fail(ErrorCode::kIo, "{}: redirects more than {} times", shown_url(request.url), kMostRedirects);
}

}  // namespace tugline
