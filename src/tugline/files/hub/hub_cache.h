// One repository's folder in the hub's cache, as the hub's own tools lay it out: blobs named by their
// checksums, snapshots of links to them, one folder a commit, and references from branches and tags to
// commits. Every change is a rename, so that a reader never sees half of one.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "tugline/files/hub/hub_model.h"

namespace tugline {

// The part of a model that a command needs.
enum class ModelParts {
  kTokenizer,  // configuration and tokenizer
  kAll,        // weights, too
};

class HubRepository {
 public:
  HubRepository(const std::filesystem::path& cache, const HubModel& model);

  [[nodiscard]] const std::filesystem::path& folder() const { return folder_; }
  [[nodiscard]] std::filesystem::path snapshot(const std::string& commit) const;
  [[nodiscard]] std::filesystem::path blob(const std::string& etag) const;
  // The file of an unfinished download of a blob. Its name is the one that the hub's tools use for a download
  // that can be resumed.
  [[nodiscard]] std::filesystem::path partial(const std::string& etag) const;
  [[nodiscard]] std::filesystem::path lock(const std::string& etag) const;

  // The commit that a revision means here: itself, what refs/ has, or, if no revision was given and there is
  // no refs/main, the only snapshot's. No value if nothing here says. Throws Error (kInput) for a reference
  // that holds no commit.
  [[nodiscard]] std::optional<std::string> commit_of(const HubModel& model) const;
  // Which files a command needs and the snapshot lacks, an unfinished shard included. A file that the hub is
  // known not to have is not missing.
  [[nodiscard]] std::vector<std::string> missing(const std::string& commit, ModelParts parts) const;
  // A sentence for messages that says what the cache has of this model.
  [[nodiscard]] std::string contents(const HubModel& model, ModelParts parts) const;

  // Makes the folders that a download needs. Throws Error (kIo).
  void make_folders() const;
  // snapshots/COMMIT/NAME as a link to the blob, or the blob itself if links are not wanted or not possible.
  // Throws Error (kIo).
  void link(const std::string& commit, const std::string& name, const std::string& etag, bool may_link) const;
  void write_reference(const std::string& revision, const std::string& commit) const;
  // Notes, as the hub's tools do, that the hub has no such file at this commit.
  void note_absence(const std::string& commit, const std::string& name) const;

 private:
  std::filesystem::path folder_;
  std::filesystem::path locks_;
};

}  // namespace tugline
