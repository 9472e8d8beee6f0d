#include "tugline/files/model_source.h"

#include <algorithm>
#include <system_error>
#include <utility>
#include <vector>

#include "tugline/core/error.h"
#include "tugline/core/excerpt.h"
#include "tugline/core/file_status.h"
#include "tugline/core/plural.h"
#include "tugline/files/gguf.h"
#include "tugline/files/gguf_parts.h"
#include "tugline/files/hub/cached_model.h"
#include "tugline/files/hub/hub_settings.h"
#include "tugline/files/model_folder.h"
#include "tugline/files/safetensors.h"

namespace tugline {
namespace {

namespace fs = std::filesystem;

// A directory's own name, also where it is given as "models/tiny/" or ".".
std::string directory_name(const fs::path& directory) {
  std::error_code error;
  const fs::path whole = fs::weakly_canonical(directory, error);
  return (error ? directory : whole).filename().string();
}

fs::path file_in(const ModelSource& model, const char* name, const char* use) {
  if (model.kind == ModelSource::Kind::kGguf) {
    fail(ErrorCode::kInput, "{}: is a GGUF file, which has no {} beside it", model.path.string(), name);
  }
  fs::path path = model.path / name;
  if (is_there(path)) return path;
  fail(ErrorCode::kNotFound, "{}: there is no {}, {}{}; fetch it into that directory", model.path.string(),
       name, use, why_absent(path));
}

bool belongs_to_model(const fs::path& file) {
  return file.filename() == "config.json" || file.filename() == "tokenizer.json" ||
         file.extension() == ".safetensors";
}

ModelSource from_directory(const fs::path& directory, std::string name) {
  const std::vector<fs::path> entries = entries_of(directory);
  if (std::ranges::any_of(entries, belongs_to_model)) {
    return {ModelSource::Kind::kDirectory, directory, std::move(name), ""};
  }
  fail(ErrorCode::kInput, "{}: the directory holds no config.json, tokenizer.json or *.safetensors{}",
       directory.string(), weights_instead(directory));
}

// A directory of the name that was given. It may have been meant as a model's name on the hub.
ModelSource from_path(const std::string& argument) {
  try {
    return from_directory(argument, directory_name(argument));
  } catch (const Error& e) {
    const auto model = parse_hub_model(argument);
    if (!model || !model->revision.empty()) throw;
    fail(e.code(), "{}; for the model of that name on the hub, say {}@main", e.what(), argument);
  }
}

ModelSource from_file(const fs::path& file) {
  if (file.extension() == ".incomplete" || file.extension() == ".part") {
    fail(ErrorCode::kInput,
         "{}: is a download that has not finished; run the same `tugline fetch` or `hf download` again",
         file.string());
  }
  if (file.extension() != ".gguf") {
    fail(ErrorCode::kInput,
         "{}: expected a model's directory, a .gguf file or ORG/NAME; of safetensors, name the directory",
         file.string());
  }
  const auto part = gguf_part_name(file);
  return {ModelSource::Kind::kGguf, file, part ? part->model : file.stem().string(), ""};
}

// Another source's tensors.
class SharedTensors final : public TensorSource {
 public:
  explicit SharedTensors(std::shared_ptr<const TensorSource> tensors) : tensors_(std::move(tensors)) {}
  [[nodiscard]] const TensorView* find(std::string_view name) const override { return tensors_->find(name); }
  [[nodiscard]] std::vector<std::string> names() const override { return tensors_->names(); }
  [[nodiscard]] std::span<const UnreadableTensor> unreadable() const override {
    return tensors_->unreadable();
  }
  [[nodiscard]] std::string path() const override { return tensors_->path(); }

 private:
  std::shared_ptr<const TensorSource> tensors_;
};

}  // namespace

fs::path ModelSource::config_json() const {
  return file_in(*this, "config.json", "which says what the model is");
}

fs::path ModelSource::tokenizer_json() const {
  return file_in(*this, "tokenizer.json", "which says how text becomes tokens");
}

std::vector<std::string> ModelSource::warnings() const {
  const auto unread = tensors || kind == Kind::kGguf ? std::vector<std::string>{} : unread_safetensors(path);
  if (unread.empty()) return {};
  return {fmt::format(
      "{}: {} not read, because {} holds or names the weights; if a download left {} behind, remove {}",
      path.string(),
      unread.size() == 1
          ? unread.front() + " is"
          : fmt::format("{} and {} more are", unread.front(), counted(std::ssize(unread) - 1, "file")),
      is_there(path / kWholeSafetensors) ? kWholeSafetensors : kSafetensorsIndex,
      unread.size() == 1 ? "it" : "them", unread.size() == 1 ? "it" : "them")};
}

bool ModelSource::has_weights() const { return tensors || kind == Kind::kGguf || holds_weights(path); }

std::unique_ptr<TensorSource> ModelSource::open_tensors() const {
  if (tensors) return std::make_unique<SharedTensors>(tensors);
  if (kind == Kind::kGguf) return std::make_unique<GgufFile>(GgufFile::open(path));
  return open_safetensors(path);
}

ModelSource resolve_model(const std::string& argument) {
  if (fs::is_directory(status_of(argument))) return from_path(argument);
  if (is_there(argument)) return from_file(argument);
  if (const auto model = parse_hub_model(argument)) return cached_model(*model, hub_cache_folder());
  fail(ErrorCode::kNotFound,
       "{}: there is no such directory or file; expected a directory with config.json, tokenizer.json and "
       "*.safetensors, a .gguf file, or a model's name on the hub, ORG/NAME or ORG/NAME@REVISION",
       excerpt(argument));
}

}  // namespace tugline
