// Downloads one file of a repository into its blob: resumed where an earlier attempt was cut off, checked
// against the checksum that names it, and renamed when it is whole. Internal to files/hub/.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "tugline/files/hub/hub_api.h"
#include "tugline/files/hub/hub_cache.h"
#include "tugline/files/hub/partial_file.h"
#include "tugline/files/hub/retries.h"

namespace tugline {

// Callbacks of a download; the downloading thread calls them.
struct DownloadListener {
  std::function<void(int64_t bytes)> received = {};  // from the network
  std::function<void(int64_t bytes)> kept =
      {};  // that an earlier attempt had; negative if they turn out to be of no use
  std::function<void(const std::string&)> say = {};  // a line about a pause, or what could not be checked
};

class BlobDownload {
 public:
  // All arguments must outlive it.
  BlobDownload(HttpClient& client, const HubApi& api, const HubRepository& repository,
               const DownloadListener& listener)
      : client_(client), api_(api), repository_(repository), listener_(listener) {}

  // Downloads the blob completely and returns its name. Throws Error: kInput, which says what was expected
  // and found, if the server's description and bytes do not agree; kIo if the disk or the network fails.
  // Received bytes are kept unless they are wrong.
  std::string fetch(const std::string& commit, const HubFile& file);

 private:
  struct Wanted;
  void check_head(const HubFile& file, HubFileHead& head, const std::string& label) const;
  void fill(const Wanted& wanted, PartialFile& partial);
  void attempt(const Wanted& wanted, PartialFile& partial, Retries& retries);
  void take(const Wanted& wanted, PartialFile& partial, std::span<const std::byte> bytes);
  void begin(const Wanted& wanted, PartialFile& partial, const HttpResponse& response);
  void start_again(PartialFile& partial) const;

  HttpClient& client_;
  const HubApi& api_;
  const HubRepository& repository_;
  const DownloadListener& listener_;
  std::map<std::string, std::string> if_range_;  // by host: the ETag of what it sent before
  int64_t furthest_ = 0;                         // bytes of the file that have been reached
};

}  // namespace tugline
