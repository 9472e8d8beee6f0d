#include "tugline/data/dataset.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>
#include <system_error>
#include <utility>

#include "tugline/core/content_hash.h"
#include "tugline/core/error.h"

namespace tugline {
namespace {

using nlohmann::json;

// What a message says was found, without repeating texts of thousands of characters.
std::string describe(const json& value) {
  if (value.is_null()) return "null";
  if (value.is_boolean()) return value.get<bool>() ? "true" : "false";
  if (value.is_number()) return "the number " + value.dump();
  if (value.is_string()) return "a string";
  return value.is_array() ? "a list" : "an object";
}

// The parser's message without its own library's prefix, "[json.exception.parse_error.101] ".
std::string parser_message(const json::exception& error) {
  const std::string message = error.what();
  const size_t end = message.find("] ");
  return end == std::string::npos ? message : message.substr(end + 2);
}

json parse_json(std::string_view text, const std::string& where) {
  try {
    return json::parse(text.begin(), text.end());
  } catch (const json::exception& error) {
    fail(ErrorCode::kInput, "{}: not JSON: {}. A dataset is UTF-8 JSON, without NaN (write null).", where,
         parser_message(error));
  }
}

// One object of the file, with what messages need to name it.
class Fields {
 public:
  Fields(const json& object, std::string_view file, int64_t index)
      : object_(object), file_(file), index_(index) {
    if (!object.is_object()) {
      fail(ErrorCode::kInput, "{}: example {}: expected an object with fields, found {}.", file, index,
           describe(object));
    }
  }

  [[nodiscard]] std::optional<std::string> text(const char* name) const {
    const json* value = find(name);
    if (value == nullptr) return std::nullopt;
    if (!value->is_string()) refuse(name, "a string", *value);
    return value->get<std::string>();
  }

  [[nodiscard]] std::optional<int64_t> chunk_number(const char* name) const {
    const json* value = find(name);
    if (value == nullptr) return std::nullopt;
    constexpr uint64_t kMax = std::numeric_limits<int64_t>::max();
    if (!value->is_number_unsigned() || value->get<uint64_t>() > kMax) {
      refuse(name, "a chunk's number (an integer from 0)", *value);
    }
    return value->get<int64_t>();
  }

  [[nodiscard]] std::optional<std::vector<std::optional<double>>> numbers(const std::string& name) const {
    const json* values = find(name);
    if (values == nullptr) return std::nullopt;
    if (!values->is_array()) refuse(name, "a list of numbers, one a chunk", *values);
    std::vector<std::optional<double>> numbers;
    for (const json& value : *values) {
      if (!value.is_null() && !value.is_number()) {
        refuse(fmt::format("{}[{}]", name, numbers.size()), "a number or null", value);
      }
      numbers.push_back(value.is_null() ? std::nullopt : std::optional(value.get<double>()));
    }
    return numbers;
  }

  [[noreturn]] void fail_without_transcript() const {
    fail(ErrorCode::kInput,
         "{}: example {}: no text to run: expected raw_response, or model_input_prompt and cot, as strings "
         "that are not "
         "empty.",
         file_, index_);
  }

 private:
  // Null counts as missing.
  [[nodiscard]] const json* find(const std::string& name) const {
    const auto it = object_.find(name);
    return it == object_.end() || it->is_null() ? nullptr : &*it;
  }

  [[noreturn]] void refuse(const std::string& name, std::string_view expected, const json& found) const {
    fail(ErrorCode::kInput, "{}: example {}: field {}: expected {}, found {}.", file_, index_, name, expected,
         describe(found));
  }

  const json& object_;
  std::string_view file_;
  int64_t index_;
};

std::string read_transcript(const Fields& fields, const std::string& cot) {
  const std::string raw_response = fields.text("raw_response").value_or("");
  const std::string input_prompt = fields.text("model_input_prompt").value_or("");
  if (!raw_response.empty()) return raw_response;
  if (input_prompt.empty() || cot.empty()) fields.fail_without_transcript();
  return input_prompt + cot;
}

// A missing anchor and an empty one give the same hash: neither can be measured.
uint64_t hash_of(const Example& example) {
  ContentHash hash;
  hash.add_text(example.transcript);
  hash.add_text(example.anchor_sentence.value_or(""));
  return hash.value();
}

Example read_example(const json& object, std::string_view file, int64_t index) {
  const Fields fields(object, file, index);
  Example example;
  example.index = index;
  example.prompt = fields.text("prompt").value_or("");
  example.cot = fields.text("cot").value_or("");
  example.transcript = read_transcript(fields, example.cot);
  example.answer = fields.text("answer");
  example.anchor_index = fields.chunk_number("thought_anchor_idx");
  example.anchor_sentence = fields.text("thought_anchor_sentence");
  for (const std::string& name : chunk_metric_names()) {
    if (auto values = fields.numbers(name)) example.chunk_metrics.emplace(name, std::move(*values));
  }
  example.content_hash = hash_of(example);
  return example;
}

std::vector<Example> parse_list(std::string_view text, std::string_view name) {
  const json list = parse_json(text, std::string(name));
  if (!list.is_array()) {
    fail(ErrorCode::kInput, "{}: expected a list of examples, found {}.", name, describe(list));
  }
  std::vector<Example> examples;
  for (const json& object : list) {
    examples.push_back(read_example(object, name, static_cast<int64_t>(examples.size())));
  }
  return examples;
}

std::vector<Example> parse_lines(std::string_view text, std::string_view name) {
  std::vector<Example> examples;
  for (int64_t line_number = 1; !text.empty(); ++line_number) {
    const size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    const json object = parse_json(line, fmt::format("{}: line {}", name, line_number));
    examples.push_back(read_example(object, name, static_cast<int64_t>(examples.size())));
  }
  return examples;
}

std::string read_file(const std::filesystem::path& path) {
  std::error_code ignored;  // what cannot be looked up is said when the file does not open
  if (std::filesystem::is_directory(path, ignored)) {
    fail(ErrorCode::kInput, "{}: expected a dataset file, found a directory.", path.string());
  }
  std::ifstream stream(path, std::ios::binary);
  if (!stream) {
    const int reason = errno;
    fail(reason == ENOENT ? ErrorCode::kNotFound : ErrorCode::kIo, "{}: the dataset cannot be opened: {}.",
         path.string(), std::strerror(reason));
  }
  std::string text;
  std::array<char, 1 << 16> buffer;
  while (stream.read(buffer.data(), buffer.size()) || stream.gcount() > 0) {
    text.append(buffer.data(), static_cast<size_t>(stream.gcount()));
  }
  if (stream.bad()) fail(ErrorCode::kIo, "{}: the dataset cannot be read to its end.", path.string());
  return text;
}

}  // namespace

const std::vector<std::string>& chunk_metric_names() {
  static const std::vector<std::string> names{"counterfactual_accuracies", "counterfactual_importance_kl",
                                              "different_trajectories_fraction", "overdeterminedness"};
  return names;
}

std::vector<Example> parse_dataset(std::string_view text, DatasetFormat format, std::string_view name) {
  std::vector<Example> examples =
      format == DatasetFormat::kJson ? parse_list(text, name) : parse_lines(text, name);
  if (examples.empty()) fail(ErrorCode::kInput, "{}: expected at least one example, found none.", name);
  return examples;
}

std::vector<Example> load_dataset(const std::filesystem::path& path) {
  const DatasetFormat format =
      path.extension() == ".jsonl" ? DatasetFormat::kJsonLines : DatasetFormat::kJson;
  return parse_dataset(read_file(path), format, path.string());
}

}  // namespace tugline
