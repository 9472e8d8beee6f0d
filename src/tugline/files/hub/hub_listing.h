// The hub's listing of a repository at one commit, and the files in it that tugline needs.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tugline {

struct HubFile {
  std::string name = {};
  std::optional<int64_t> size = {};
  std::string sha256 = {};    // of a large file; empty if the hub does not say
  std::string git_sha1 = {};  // of a small file; likewise
};

struct HubListing {
  std::string commit;
  std::vector<HubFile> files;

  // nullptr if there is none.
  [[nodiscard]] const HubFile* find(std::string_view name) const;
};

// The answer of /api/models/ORG/NAME/revision/REVISION. Throws Error (kInput) that begins with `label`.
[[nodiscard]] HubListing parse_hub_listing(std::string_view json, const std::string& label);

// The configuration's and tokenizer's files among those listed. The two that a model needs come last. Throws
// Error (kUnsupported) if it has neither of them, or if it is an adapter.
[[nodiscard]] std::vector<HubFile> small_files_of(const HubListing& listing, const std::string& label);

// model.safetensors, or else model.safetensors.index.json, which names the shards. Throws Error
// (kUnsupported) saying what there is if there is neither.
[[nodiscard]] const HubFile& weights_of(const HubListing& listing, const std::string& label);

}  // namespace tugline
