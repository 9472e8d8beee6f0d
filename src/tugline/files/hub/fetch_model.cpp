#include "tugline/files/hub/fetch_model.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "tugline/core/error.h"
#include "tugline/core/file_status.h"
#include "tugline/core/printable.h"
#include "tugline/files/hub/blob_download.h"
#include "tugline/files/hub/cached_model.h"
#include "tugline/files/hub/retries.h"
#include "tugline/files/safetensors.h"

namespace tugline {
namespace {

namespace fs = std::filesystem;

constexpr size_t kParallel =
    4;  // connections: as many as fill a fast line, and few enough for a hub not to mind

// One model's download.
class Fetch {
 public:
  Fetch(const HubModel& model, const FetchOptions& options, const HubSettings& settings)
      : options_(options),
        settings_(settings),
        repository_(settings_.cache, model),
        client_(settings_.stall, [this] { return goes_on(); }),
        api_(client_, settings_, model),
        label_(fmt::format("{} at {}", model.text(), shown_url(settings_.endpoint))) {}

  fs::path run() {
    const HubListing listing =
        with_retries(Retries(client_, options_.on_message), [&] { return api_.listing(); });
    commit_ = listing.commit;
    const std::vector<HubFile> small = small_files_of(listing, label_);
    std::vector<HubFile> weights;
    if (options_.parts == ModelParts::kAll) weights.push_back(weights_of(listing, label_));
    repository_.make_folders();
    get(small);
    get(weights);
    if (!weights.empty() && weights.front().name == kSafetensorsIndex) get(shards(listing));
    for (const char* name : {"config.json", "tokenizer.json"})
      if (listing.find(name) == nullptr) repository_.note_absence(commit_, name);
    repository_.write_reference(api_.model().wanted_revision(), commit_);
    return repository_.snapshot(commit_);
  }

 private:
  bool goes_on() const { return !has_failed_ && (!options_.keep_going || options_.keep_going()); }

  std::vector<HubFile> shards(const HubListing& listing) const {
    std::vector<HubFile> files;
    for (const std::string& shard : shards_of_index(repository_.snapshot(commit_) / kSafetensorsIndex)) {
      const HubFile* file = listing.find(shard);
      if (file == nullptr)
        fail(ErrorCode::kInput, "{}: {} names the shard {}, which the repository does not hold", label_,
             kSafetensorsIndex, printable(shard));
      files.push_back(*file);
    }
    return files;
  }

  // Downloads the files that the snapshot lacks, several at a time, and links them in their order.
  void get(std::vector<HubFile> files) {
    std::erase_if(files,
                  [&](const HubFile& file) { return is_there(repository_.snapshot(commit_) / file.name); });
    expect_room(files);
    for (const HubFile& file : files) progress_.bytes_total += file.size.value_or(0);
    std::vector<std::string> etags(files.size());
    download(files, etags);
    for (size_t i = 0; i < files.size(); ++i)
      repository_.link(commit_, files[i].name, etags[i], settings_.may_link);
  }

  void expect_room(const std::vector<HubFile>& files) const {
    uint64_t needed = 0;
    for (const HubFile& file : files) {
      const std::string& etag = file.sha256.empty() ? file.git_sha1 : file.sha256;
      if (!file.size || etag.empty() || is_there(repository_.blob(etag))) continue;
      std::error_code error;
      const auto begun = fs::file_size(repository_.partial(etag), error);
      const auto size = static_cast<uint64_t>(*file.size);
      needed += error ? size : size - std::min<uint64_t>(size, begun);
    }
    std::error_code error;
    const fs::space_info space = fs::space(repository_.folder(), error);
    if (error || needed <= space.available) return;
    fail(
        ErrorCode::kIo,
        "{}: {} more bytes are needed, and the disk has {}; make room, or name another place in HF_HUB_CACHE",
        repository_.folder().string(), needed, space.available);
  }

  void download(const std::vector<HubFile>& files, std::vector<std::string>& etags) {
    std::atomic<size_t> next = 0;
    std::exception_ptr failure;
    const auto work = [&] {
      try {
        for (size_t i = next++; i < files.size(); i = next++) {
          const DownloadListener listener = this->listener();
          etags[i] = BlobDownload(client_, api_, repository_, listener).fetch(commit_, files[i]);
        }
      } catch (...) {
        const std::scoped_lock lock(mutex_);
        if (!failure) failure = std::current_exception();
        has_failed_ = true;  // stops the others, whose parts are kept
      }
    };
    std::vector<std::jthread> threads;
    for (size_t i = 1; i < std::min(kParallel, files.size()); ++i) threads.emplace_back(work);
    work();
    threads.clear();
    if (failure) std::rethrow_exception(failure);
  }

  DownloadListener listener() {
    const auto add = [this](int64_t FetchProgress::*field) {
      return [this, field](int64_t bytes) {
        const std::scoped_lock lock(mutex_);
        progress_.*field += bytes;
        if (options_.on_progress) options_.on_progress(progress_);
      };
    };
    return {.received = add(&FetchProgress::bytes_received),
            .kept = add(&FetchProgress::bytes_kept),
            .say = [this](const std::string& line) {
              const std::scoped_lock lock(mutex_);
              if (options_.on_message) options_.on_message(line);
            }};
  }

  const FetchOptions& options_;
  const HubSettings& settings_;
  HubRepository repository_;
  std::atomic<bool> has_failed_ = false;
  HttpClient client_;
  HubApi api_;
  std::string label_;
  std::string commit_ = {};
  std::mutex mutex_ = {};  // guards what follows, and calls of the options' functions
  FetchProgress progress_ = {};
};

// The snapshot, where the cache has all that is needed of it.
std::optional<fs::path> cached(const HubModel& model, const fs::path& cache, ModelParts parts) {
  const HubRepository repository(cache, model);
  const auto commit = repository.commit_of(model);
  if (!commit || !is_there(repository.snapshot(*commit))) return std::nullopt;
  if (!repository.missing(*commit, parts).empty()) return std::nullopt;
  return repository.snapshot(*commit);
}

}  // namespace

fs::path fetch_model(const HubModel& model, const FetchOptions& options, const HubSettings& settings) {
  if (!settings.offline.empty())
    fail(ErrorCode::kUsage, "{}: {} is set, so nothing is fetched; {}", model.text(), settings.offline,
         HubRepository(settings.cache, model).contents(model, options.parts));
  if (is_commit(model.revision))  // which never changes
    if (const auto snapshot = cached(model, settings.cache, options.parts)) return *snapshot;
  return Fetch(model, options, settings).run();
}

ModelSource obtain_model(const std::string& argument, const FetchOptions& options,
                         const HubSettings& settings) {
  const auto model = parse_hub_model(argument);
  if (is_there(argument) || !model) return resolve_model(argument);
  if (cached(*model, settings.cache, options.parts)) return cached_model(*model, settings.cache);
  const HubRepository repository(settings.cache, *model);
  const std::string state = repository.contents(*model, options.parts);
  if (!settings.offline.empty())
    fail(ErrorCode::kNotFound,
         "{0}: {1} is set, so only the hub's cache is looked at: {2}. Unset it and run `tugline fetch {0}`",
         argument, settings.offline, state);
  if (options.on_message)
    options.on_message(fmt::format("{} is fetched from {}", argument, shown_url(settings.endpoint)));
  try {
    static_cast<void>(fetch_model(*model, options, settings));
  } catch (const Error& e) {
    if (e.code() == ErrorCode::kInterrupted) throw;
    fail(e.code(), "{} ({} is no path here, and {})", e.what(), argument, state);
  }
  return cached_model(*model, settings.cache);
}

}  // namespace tugline
