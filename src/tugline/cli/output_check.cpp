#include "tugline/cli/output_check.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string_view>
#include <system_error>

#include "tugline/core/error.h"
#include "tugline/core/file_status.h"
#include "tugline/files/direction_file.h"
#include "tugline/files/model_folder.h"
#include "tugline/files/model_source.h"
#include "tugline/report/export.h"
#include "tugline/report/page.h"

namespace tugline {
namespace {

namespace fs = std::filesystem;

// A file's beginning: enough for every mark that is looked for, the metadata of tugline's vectors included.
std::string beginning_of(const fs::path& path) {
  constexpr size_t kBytes = 1 << 16;
  std::string bytes(kBytes, '\0');
  std::ifstream file(path, std::ios::binary);
  file.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  if (!file.is_open() || file.bad())
    fail(ErrorCode::kIo,
         "{}: is there already, and cannot be read to see whether it may be replaced; give another name",
         path.string());
  bytes.resize(static_cast<size_t>(file.gcount()));
  return bytes;
}

bool is_sqlite(std::string_view bytes) { return bytes.starts_with("SQLite format 3"); }

// A header's length in eight bytes, then a JSON object.
bool is_safetensors(std::string_view bytes) {
  return bytes.size() > 8 && bytes[7] == '\0' && bytes[8] == '{';
}

bool is_of_vectors(std::string_view bytes) {
  return is_safetensors(bytes) &&
         bytes.find(fmt::format(R"("kind":"{}")", kVectorFileKind)) != std::string_view::npos;
}

// Any table, as CSV or JSON; told by the first two columns, which later versions keep.
bool is_of_export(std::string_view bytes) {
  const std::string_view first_row = bytes.substr(0, bytes.find('\n', bytes.starts_with("[\n") ? 2 : 0));
  for (const ExportTable table : {ExportTable::kCurves, ExportTable::kResponses, ExportTable::kRows,
                                  ExportTable::kUnits, ExportTable::kExamples, ExportTable::kDistance}) {
    const auto columns = columns_of(table);
    if (first_row.starts_with(fmt::format("{},{},", columns[0], columns[1]))) return true;
    if (first_row.starts_with(fmt::format("[\n {{\"{}\": ", columns[0])) &&
        first_row.find(fmt::format(", \"{}\": ", columns[1])) != std::string_view::npos)
      return true;
  }
  return bytes == "[]\n";
}

bool is_figure(std::string_view bytes) {
  const std::string_view start = bytes.substr(0, 1024);
  const bool is_xml = start.starts_with("<?xml") || start.starts_with("<svg");
  return start.starts_with("\x89PNG\r\n") || start.starts_with("%PDF-") ||
         (is_xml && start.find("<svg") != std::string_view::npos);
}

bool is_of_kind(std::string_view bytes, OutputKind kind) {
  switch (kind) {
    case OutputKind::kRunStore:
      return is_sqlite(bytes);
    case OutputKind::kTable:
      return is_of_export(bytes);
    case OutputKind::kFigure:
      return is_figure(bytes);
    case OutputKind::kVectors:
      return is_of_vectors(bytes);
    case OutputKind::kPage:
      return bytes.starts_with(page_mark());
  }
  return false;
}

std::string_view described(OutputKind kind) {
  switch (kind) {
    case OutputKind::kRunStore:
      return "a run store";
    case OutputKind::kTable:
      return "a table that tugline export wrote";
    case OutputKind::kFigure:
      return "an SVG, PNG or PDF figure";
    case OutputKind::kVectors:
      return "a file that tugline vectors wrote";
    case OutputKind::kPage:
      return "a page that tugline report wrote";
  }
  return "";
}

// Files that describe a model beside its weights.
bool has_model_name(const std::string& name) {
  constexpr std::array kNames{
      "config.json",       "generation_config.json",  "tokenizer.json",     "tokenizer_config.json",
      "added_tokens.json", "special_tokens_map.json", "tokenizer.model",    "vocab.json",
      "merges.txt",        "adapter_config.json",     "chat_template.jinja"};
  return std::find(kNames.begin(), kNames.end(), name) != kNames.end() || name.ends_with(".index.json") ||
         name.ends_with(".pth") || name.ends_with(".pt") || name.ends_with(".gguf") ||
         name.ends_with(".safetensors") || (name.starts_with("pytorch_model") && name.ends_with(".bin"));
}

bool is_same_file(const fs::path& a, const fs::path& b) {
  if (!is_there(a) || !is_there(b)) return false;
  std::error_code error;
  const bool is_same = fs::equivalent(a, b, error);
  if (error)
    fail(ErrorCode::kIo, "{}: cannot be compared with {}: {}", a.string(), b.string(), error.message());
  return is_same;
}

// ORG/NAME becomes the model's folder in the cache; FILE:TENSOR the file.
std::optional<fs::path> input_path(const std::string& input) {
  if (input.empty()) return std::nullopt;
  if (is_there(input)) return input;
  const std::string before_colon = input.substr(0, input.rfind(':'));
  if (before_colon != input && is_there(before_colon)) return before_colon;
  try {
    return resolve_model(input).path;
  } catch (const Error& e) {
    if (e.code() == ErrorCode::kIo) throw;  // no answer, where the model may be
    return std::nullopt;
  }
}

bool is_file_in(const fs::path& file, const fs::path& folder) {
  return std::ranges::any_of(entries_of(folder),
                             [&](const fs::path& entry) { return is_same_file(entry, file); });
}

void check_is_no_input(const OutputRequest& request, bool is_own_kind) {
  for (const std::string& input : request.inputs) {
    const std::optional<fs::path> path = input_path(input);
    if (!path) continue;
    // An earlier result in a model's folder is not part of the model.
    const bool is_read = fs::is_directory(status_of(*path)) ? !is_own_kind && is_file_in(request.path, *path)
                                                            : is_same_file(request.path, *path);
    if (is_read)
      fail(ErrorCode::kConflict, "{}: this command reads that file ({}); give the output another name",
           request.path, input);
  }
}

// RUN.db-journal and the like: SQLite would take the output for the store's own.
void check_is_beside_no_store(const std::string& path) {
  for (const std::string_view suffix : {"-journal", "-wal", "-shm", "-lock"}) {
    if (!path.ends_with(suffix)) continue;
    const std::string store = path.substr(0, path.size() - suffix.size());
    if (is_there(store) && is_sqlite(beginning_of(store)))
      fail(ErrorCode::kConflict, "{}: belongs to the run store {}; give the output another name", path,
           store);
  }
}

void check_may_be_replaced(const OutputRequest& request, std::string_view bytes) {
  const auto refuse = [&](const char* what) {
    fail(ErrorCode::kConflict, "{}: is {}, which no command replaces; give the output another name",
         request.path, what);
  };
  std::error_code ignored;
  const std::string name = fs::path(request.path).filename().string();
  const std::string real_name = fs::canonical(request.path, ignored).filename().string();
  if (is_sqlite(bytes)) refuse("a run store or another SQLite file");
  if (bytes.starts_with("GGUF") || is_safetensors(bytes) || has_model_name(name) || has_model_name(real_name))
    refuse("a model file");
  if (!request.force)
    fail(ErrorCode::kConflict,
         "{}: is there already and is not {}; give another name, or --force to replace it", request.path,
         described(request.kind));
}

}  // namespace

void check_output(const OutputRequest& request) {
  if (request.path == "-")
    fail(ErrorCode::kUsage, "standard output cannot hold {}; give the name of a file",
         described(request.kind));
  check_is_beside_no_store(request.path);
  if (!fs::is_regular_file(status_of(request.path)))
    return;  // new, or a device; a folder is refused when it is opened
  const std::string bytes = beginning_of(request.path);
  const bool is_own_kind = is_of_kind(bytes, request.kind);
  check_is_no_input(request, is_own_kind);
  if (request.kind == OutputKind::kRunStore || is_own_kind || size_of(request.path) == 0) return;
  check_may_be_replaced(request, bytes);
}

void check_standard_output(const std::vector<std::string>& inputs) {
  struct stat out {};
  if (::fstat(STDOUT_FILENO, &out) != 0 || !S_ISREG(out.st_mode)) return;
  for (const std::string& input : inputs) {
    struct stat in {};
    const std::optional<fs::path> path = input_path(input);
    if (!path) continue;
    if (::stat(path->c_str(), &in) != 0)
      fail(ErrorCode::kIo, "{}: cannot be compared with standard output: {}", path->string(),
           std::generic_category().message(errno));
    if (in.st_dev == out.st_dev && in.st_ino == out.st_ino)
      fail(ErrorCode::kConflict, "standard output: is {}, which this command reads", input);
  }
}

void add_force_option(CLI::App& command, bool& force) {
  command.add_flag("--force", force,
                   "Replace an existing file of another kind, too (never one that the command reads)");
}

}  // namespace tugline
