#include "tugline/files/model_source.h"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <optional>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "tugline/core/error.h"
#include "tugline/files/gguf.h"
#include "tugline/files/model_folder.h"
#include "tugline/files/safetensors.h"

namespace tugline {
namespace {

namespace fs = std::filesystem;

bool is_there(const fs::path& path) {
  std::error_code ignored;
  return fs::exists(path, ignored);
}

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
    return {ModelSource::Kind::kDirectory, directory, std::move(name)};
  }
  fail(ErrorCode::kInput, "{}: the directory holds no config.json, tokenizer.json or *.safetensors{}",
       directory.string(), weights_instead(directory));
}

ModelSource from_file(const fs::path& file) {
  if (file.extension() == ".incomplete" || file.extension() == ".part") {
    fail(ErrorCode::kInput, "{}: is a download that has not finished; run the same `hf download` again",
         file.string());
  }
  if (file.extension() != ".gguf") {
    fail(ErrorCode::kInput,
         "{}: expected a model's directory, a .gguf file or ORG/NAME; of safetensors, name the directory",
         file.string());
  }
  return {ModelSource::Kind::kGguf, file, file.stem().string()};
}

struct HubName {
  std::string organisation;
  std::string model;
};

// Letters, digits, '-', '_' and '.', not beginning with a dot: no name can lead out of the cache.
bool is_hub_word(std::string_view word) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.';
  };
  return !word.empty() && word.front() != '.' && std::ranges::all_of(word, allowed);
}

std::optional<HubName> hub_name(const std::string& argument) {
  const size_t slash = argument.find('/');
  if (slash == std::string::npos) return std::nullopt;
  HubName name{argument.substr(0, slash), argument.substr(slash + 1)};
  if (!is_hub_word(name.organisation) || !is_hub_word(name.model)) return std::nullopt;
  return name;
}

// The revision that refs/main names; else the only snapshot there is.
fs::path snapshot_of(const fs::path& repository, const std::string& argument) {
  const fs::path snapshots = repository / "snapshots";
  const fs::path main = repository / "refs" / "main";
  if (is_there(main)) {
    std::string revision;
    std::ifstream(main) >> revision;
    if (!is_hub_word(revision))
      fail(ErrorCode::kInput, "{}: holds no revision; fetch the model again", main.string());
    if (is_there(snapshots / revision)) return snapshots / revision;
    fail(ErrorCode::kNotFound,
         "{}: refs/main names the revision {}, whose snapshot is not there; fetch {} again",
         repository.string(), revision, argument);
  }
  const auto found = is_there(snapshots) ? entries_of(snapshots) : std::vector<fs::path>{};
  if (found.size() == 1) return found.front();
  fail(ErrorCode::kNotFound,
       "{}: has no refs/main and {} snapshots, expected one; name the snapshot's directory",
       repository.string(), found.size());
}

std::string from_environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

// The variable that `text` begins with ("$NAME..." or "${NAME}..."): its name, and how many characters it takes there. No value
// if it begins with none.
std::optional<std::pair<std::string, size_t>> variable_at(std::string_view text) {
  if (text.starts_with("${")) {
    const size_t end = text.find('}');
    if (end == std::string_view::npos) return std::nullopt;
    return std::pair(std::string(text.substr(2, end - 2)), end + 1);
  }
  const auto end = std::find_if_not(text.begin() + 1, text.end(), is_name_character);
  const std::string name(text.begin() + 1, end);
  if (name.empty()) return std::nullopt;
  return std::pair(name, name.size() + 1);
}

// As the hub's own tools do: a leading "~" is the home directory, and variables that are set are replaced.
fs::path expanded(const std::string& path) {
  std::string whole = path;
  if (const std::string home = from_environment("HOME");
      !home.empty() && (path == "~" || path.starts_with("~/")))
    whole = home + path.substr(1);
  std::string result;
  for (size_t i = 0; i < whole.size();) {
    const auto variable = whole[i] == '$' ? variable_at(std::string_view(whole).substr(i)) : std::nullopt;
    const bool is_set = variable && std::getenv(variable->first.c_str()) != nullptr;
    result += is_set ? from_environment(variable->first.c_str()) : std::string(1, whole[i]);
    i += is_set ? variable->second : 1;
  }
  return result;
}

}  // namespace

fs::path ModelSource::config_json() const {
  return file_in(*this, "config.json", "which says what the model is");
}

fs::path ModelSource::tokenizer_json() const {
  return file_in(*this, "tokenizer.json", "which says how text becomes tokens");
}

bool ModelSource::has_weights() const { return kind == Kind::kGguf || holds_weights(path); }

std::unique_ptr<TensorSource> ModelSource::open_tensors() const {
  if (kind == Kind::kGguf) return std::make_unique<GgufFile>(GgufFile::open(path));
  return open_safetensors(path);
}

ModelSource resolve_model(const std::string& argument) {
  std::error_code ignored;
  if (fs::is_directory(argument, ignored)) return from_directory(argument, directory_name(argument));
  if (is_there(argument)) return from_file(argument);
  const auto name = hub_name(argument);
  if (!name || argument.ends_with(".gguf")) {
    fail(ErrorCode::kNotFound,
         "{}: there is no such directory or file; expected a directory with config.json, tokenizer.json and "
         "*.safetensors, a .gguf file, or ORG/NAME in the hub's cache",
         argument);
  }
  const fs::path hub = hub_cache_folder();
  const fs::path repository = hub / fmt::format("models--{}--{}", name->organisation, name->model);
  if (!is_there(repository)) {
    fail(ErrorCode::kNotFound,
         "{0}: neither a path here nor a model in the hub's cache ({1}); fetch it with `hf download "
         "{0}`, or set HF_HUB_CACHE to where it is",
         argument, hub.string());
  }
  return from_directory(snapshot_of(repository, argument), argument);
}

fs::path hub_cache_folder() {
  if (const auto hub = from_environment("HF_HUB_CACHE"); !hub.empty()) return expanded(hub);
  if (const auto hub = from_environment("HUGGINGFACE_HUB_CACHE"); !hub.empty()) return expanded(hub);
  if (const auto home = from_environment("HF_HOME"); !home.empty()) return expanded(home) / "hub";
  if (const auto cache = from_environment("XDG_CACHE_HOME"); !cache.empty()) {
    return expanded(cache) / "huggingface" / "hub";
  }
  return fs::path(from_environment("HOME")) / ".cache" / "huggingface" / "hub";
}

}  // namespace tugline
