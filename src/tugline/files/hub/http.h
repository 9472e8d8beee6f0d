// Requests over HTTP, by libcurl: one at a time in each thread, redirects followed by hand, so that a token
// never reaches another host. Proxies, certificates (SSL_CERT_FILE, SSL_CERT_DIR, CURL_CA_BUNDLE) and
// addresses work as in curl. Internal to files/hub/.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

namespace tugline {

// A failure that may pass at the next attempt: a connection that broke or stalled, a busy server.
struct TransientFailure : std::runtime_error {
  using std::runtime_error::runtime_error;
  std::optional<std::chrono::seconds> wait = {};  // as the server asked
};

struct HttpResponse {
  int status = 0;
  std::map<std::string, std::string> headers =
      {};                        // by lower-case name; of the last response after redirects
  std::string url = {};          // that answered
  bool was_redirected = false;   // to another host
  std::string linked_etag = {};  // X-Linked-Etag and X-Linked-Size, of the first response that had them
  std::string linked_size = {};
  std::string error_body = {};  // at most 64 KiB of what came with a status of 300 or more
  std::optional<std::chrono::seconds> retry_after = {};

  // Empty if there is none.
  [[nodiscard]] std::string header(const std::string& name) const;
};

struct HttpRequest {
  std::string url;
  bool is_head = false;
  std::string token = {};  // for the host of `url` only
  // More header lines for a host ("https://host:443"); may be empty.
  std::function<std::vector<std::string>(const std::string& origin)> headers = {};
  // Gets the body of a response with status 200 to 299, piece by piece; the response's headers are complete
  // then. What it throws, send() throws.
  std::function<void(const HttpResponse&, std::span<const std::byte>)> take = {};
};

// Shared by threads.
class HttpClient {
 public:
  // Requests stop with Error (kInterrupted) soon after `keep_going` says no; it is called by all threads.
  HttpClient(std::chrono::seconds stall, std::function<bool()> keep_going);

  // Any status is an answer. Throws TransientFailure; Error (kIo) for what will not pass: a host that cannot
  // be reached and has not been before, a certificate that cannot be verified, a redirect from https to http.
  HttpResponse send(const HttpRequest& request);

  [[nodiscard]] bool goes_on() const { return !keep_going_ || keep_going_(); }
  // Throws Error (kInterrupted) if the user asked to stop.
  void check_interruption() const;

 private:
  // One request to so_far.url.
  HttpResponse exchange(const HttpRequest& request, HttpResponse so_far);

  std::chrono::seconds stall_;
  std::function<bool()> keep_going_;
  std::atomic<bool> has_been_answered_ = false;
};

// An address for messages: without user name, password and query, which may be secret.
[[nodiscard]] std::string shown_url(const std::string& url);
// "https://host:443".
[[nodiscard]] std::string origin_of(const std::string& url);
// A name as part of an address; slashes stay if `kept` has them.
[[nodiscard]] std::string url_encoded(const std::string& text, const std::string& kept = "");

}  // namespace tugline
