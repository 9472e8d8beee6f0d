#include "tugline/files/hub/hub_cache.h"

#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <sstream>
#include <system_error>

#include "tugline/core/error.h"
#include "tugline/core/file_status.h"
#include "tugline/core/whole_file.h"
#include "tugline/files/model_folder.h"
#include "tugline/files/safetensors.h"

namespace tugline {
namespace {

namespace fs = std::filesystem;

void make_folder(const fs::path& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error)
    fail(ErrorCode::kIo, "{}: the cache's folder cannot be made: {}; HF_HUB_CACHE names another place",
         folder.string(), error.message());
}

// A name beside `path` that no other process uses.
fs::path beside(const fs::path& path) { return fs::path(path).concat(fmt::format(".{}.tmp", ::getpid())); }

void rename_to(const fs::path& from, const fs::path& to) {
  std::error_code error;
  fs::rename(from, to, error);
  if (!error) return;
  std::error_code ignored;
  fs::remove(from, ignored);
  fail(ErrorCode::kIo, "{}: cannot be put into place: {}", to.string(), error.message());
}

// Its snapshots' folders are the hub's commits, but other tools' test caches call them otherwise.
bool is_folder_name(const std::string& name) {
  return !name.empty() && name.front() != '.' && name.find('/') == std::string::npos;
}

std::vector<std::string> missing_weights(const fs::path& snapshot) {
  if (is_there(snapshot / kWholeSafetensors)) return {};
  if (!is_there(snapshot / kSafetensorsIndex)) return {kWholeSafetensors};
  std::vector<std::string> missing;
  for (const std::string& shard : shards_of_index(snapshot / kSafetensorsIndex))
    if (!is_there(snapshot / shard)) missing.push_back(shard);
  return missing;
}

}  // namespace

HubRepository::HubRepository(const fs::path& cache, const HubModel& model) {
  const std::string name = fmt::format("models--{}--{}", model.organisation, model.name);
  folder_ = cache / name;
  locks_ = cache / ".locks" / name;
}

fs::path HubRepository::snapshot(const std::string& commit) const { return folder_ / "snapshots" / commit; }
fs::path HubRepository::blob(const std::string& etag) const { return folder_ / "blobs" / etag; }
fs::path HubRepository::partial(const std::string& etag) const {
  return folder_ / "blobs" / (etag + ".incomplete");
}
fs::path HubRepository::lock(const std::string& etag) const { return locks_ / (etag + ".lock"); }

std::optional<std::string> HubRepository::commit_of(const HubModel& model) const {
  const std::string revision = model.wanted_revision();
  if (is_commit(revision)) return revision;
  const fs::path reference = folder_ / "refs" / revision;
  if (is_there(reference)) {
    std::string commit;
    std::istringstream(read_whole_file(reference)) >> commit;
    if (is_folder_name(commit)) return commit;
    fail(ErrorCode::kInput, "{}: holds no revision; remove the file and run `tugline fetch {}`",
         reference.string(), model.text());
  }
  if (!model.revision.empty() || !is_there(folder_ / "snapshots")) return std::nullopt;
  const std::vector<fs::path> snapshots = entries_of(folder_ / "snapshots");
  if (snapshots.size() != 1) return std::nullopt;
  return snapshots.front().filename().string();
}

std::vector<std::string> HubRepository::missing(const std::string& commit, ModelParts parts) const {
  const fs::path from = snapshot(commit);
  std::vector<std::string> missing;
  for (const char* name : {"config.json", "tokenizer.json"})
    if (!is_there(from / name) && !is_there(folder_ / ".no_exist" / commit / name))
      missing.emplace_back(name);
  if (parts == ModelParts::kAll)
    for (std::string& name : missing_weights(from)) missing.push_back(std::move(name));
  return missing;
}

std::string HubRepository::contents(const HubModel& model, ModelParts parts) const {
  if (!is_there(folder_))
    return fmt::format("the cache ({}) has nothing of it", folder_.parent_path().string());
  const auto commit = commit_of(model);
  if (!commit || !is_there(snapshot(*commit))) {
    std::vector<std::string> others;
    if (is_there(folder_ / "snapshots"))
      for (const fs::path& other : entries_of(folder_ / "snapshots"))
        others.push_back(other.filename().string());
    return fmt::format(
        "the cache ({}) has {}", folder_.string(),
        others.empty() ? "no snapshot of it"
                       : fmt::format("no snapshot for '{}', only for {}: name one as {}@COMMIT",
                                     model.wanted_revision(), fmt::join(others, ", "), model.repository()));
  }
  const std::vector<std::string> lacks = missing(*commit, parts);
  return fmt::format("the cache's snapshot ({}) {}", snapshot(*commit).string(),
                     lacks.empty() ? "has what is needed" : fmt::format("lacks {}", fmt::join(lacks, ", ")));
}

void HubRepository::make_folders() const {
  for (const fs::path& folder : {folder_ / "blobs", folder_ / "snapshots", folder_ / "refs", locks_})
    make_folder(folder);
}

void HubRepository::link(const std::string& commit, const std::string& name, const std::string& etag,
                         bool may_link) const {
  const fs::path to = snapshot(commit) / name;
  make_folder(to.parent_path());
  std::error_code error;
  if (may_link) {
    const fs::path made = beside(to);
    fs::remove(made, error);
    fs::create_symlink(fs::relative(blob(etag), to.parent_path()), made, error);
    if (!error) return rename_to(made, to);
  }
  rename_to(blob(etag), to);
}

void HubRepository::write_reference(const std::string& revision, const std::string& commit) const {
  if (revision == commit) return;
  const fs::path to = folder_ / "refs" / revision;
  make_folder(to.parent_path());
  const fs::path made = beside(to);
  std::ofstream out(made, std::ios::binary);
  out << commit;
  out.close();
  if (!out) fail(ErrorCode::kIo, "{}: cannot be written", made.string());
  rename_to(made, to);
}

void HubRepository::note_absence(const std::string& commit, const std::string& name) const {
  const fs::path note = folder_ / ".no_exist" / commit / name;
  make_folder(note.parent_path());
  std::ofstream(note, std::ios::app).close();
}

}  // namespace tugline
