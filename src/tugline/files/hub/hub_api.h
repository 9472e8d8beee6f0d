// Asks the hub what a repository holds and what a file is, and turns its refusals into Errors. Internal to
// files/hub/.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "tugline/files/hub/http.h"
#include "tugline/files/hub/hub_listing.h"
#include "tugline/files/hub/hub_model.h"
#include "tugline/files/hub/hub_settings.h"

namespace tugline {

// The hub's description of a file, before it sends the file.
struct HubFileHead {
  std::string etag;  // its blob's name; in lower-case hexadecimal digits a checksum
  std::optional<int64_t> size;
  std::string if_range;  // the ETag as the hub itself sends it, if it is strong and the hub sends the file
                         // itself; else empty
};

class HubApi {
 public:
  HubApi(HttpClient& client, const HubSettings& settings, HubModel model)
      : client_(client), settings_(settings), model_(std::move(model)) {}

  // The files of the revision that the model names. Throws TransientFailure, Error.
  [[nodiscard]] HubListing listing() const;
  [[nodiscard]] HubFileHead head(const std::string& commit, const std::string& file) const;
  [[nodiscard]] std::string file_url(const std::string& commit, const std::string& file) const;
  // Throws the Error for a status other than 200 to 299. `file` is empty for the listing.
  void check_status(const HttpResponse& response, const std::string& file) const;

  [[nodiscard]] const HubModel& model() const { return model_; }
  [[nodiscard]] const std::string& token() const { return settings_.token; }

 private:
  [[nodiscard]] std::string about_token() const;

  HttpClient& client_;
  const HubSettings& settings_;
  HubModel model_;
};

// An ETag header's value without W/ and quotes, as the hub's tools use it to name files.
[[nodiscard]] std::string normalised_etag(const std::string& header);

}  // namespace tugline
