#include "tugline/data/dataset.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <set>
#include <utility>

#include "tugline/core/content_hash.h"
#include "tugline/core/error.h"
#include "tugline/core/excerpt.h"
#include "tugline/core/white_space.h"
#include "tugline/core/whole_file.h"
#include "tugline/data/chunking.h"
#include "tugline/data/example_fields.h"
#include "tugline/data/given_chunks.h"
#include "tugline/data/json_examples.h"
#include "tugline/data/number_lists.h"

namespace tugline {
namespace {

namespace field {
constexpr const char* kRawResponse = "raw_response";
constexpr const char* kInputPrompt = "model_input_prompt";
constexpr const char* kCot = "cot";
constexpr const char* kPrompt = "prompt";
constexpr const char* kAnswer = "answer";
constexpr const char* kId = "id";
constexpr const char* kChunks = "chunks";
constexpr const char* kAnchorSentence = "thought_anchor_sentence";
constexpr const char* kAnchorIndex = "thought_anchor_idx";
constexpr std::array kAll{kRawResponse, kInputPrompt,    kCot,        kPrompt, kAnswer, kId,
                          kChunks,      kAnchorSentence, kAnchorIndex};
}  // namespace field

bool is_own_name(const std::string& name) {
  return std::find(field::kAll.begin(), field::kAll.end(), name) != field::kAll.end();
}

// The metrics that must count the chunks: the annotated files' and those that a field name was given for.
std::vector<std::string> required_metrics(const FieldNames& names) {
  std::vector<std::string> metrics = annotated_metric_names();
  for (const auto& [name, field] : names) {
    const bool is_listed = std::find(metrics.begin(), metrics.end(), name) != metrics.end();
    if (!is_own_name(name) && !is_listed) metrics.push_back(name);
  }
  return metrics;
}

// Reads one example after the other, with what is the same for all of them.
class ExampleReader {
 public:
  ExampleReader(std::string_view file, const FieldNames& names)
      : file_(file), names_(names), required_(required_metrics(names)) {
    for (const char* name : field::kAll) known_fields_.insert(name);
    for (const std::string& name : required_) known_fields_.insert(name);
    for (const auto& [name, field] : names) known_fields_.insert(field);
  }

  Example read(const nlohmann::json& object, int64_t index) {
    const ExampleFields fields(object, names_, file_, index);
    for (const auto& [name, field] : names_) {
      if (object.contains(field)) seen_.insert(field);
    }
    Example example;
    example.index = index;
    example.id = fields.text_or_number(field::kId).value_or("");
    example.prompt = fields.text(field::kPrompt).value_or("");
    example.cot = fields.text(field::kCot).value_or("");
    example.transcript = read_transcript(fields, example.cot);
    example.answer = fields.text_or_number(field::kAnswer);
    const bool has_own_chunks = read_chunks(fields, example);
    read_anchors(fields, example);
    read_metrics(fields, example);
    example.content_hash = hash_of(example, has_own_chunks);
    return example;
  }

  // Warnings about the fields of all examples. Errors: a field name that no example has.
  std::vector<std::string> finish() const {
    for (const auto& [name, field] : names_) {
      if (seen_.contains(field)) continue;
      fail(ErrorCode::kInput, "{}: no example has the field '{}', which was to be read as {}.", file_,
           excerpt(field, 40), excerpt(name, 40));
    }
    std::vector<std::string> warnings;
    for (const auto& [field, list] : other_lists_) {
      warnings.push_back(
          fmt::format("{}: {} is not used as a metric in {} example{} (example {}: {} values, {} chunks)",
                      file_, excerpt(field, 40), list.examples, list.examples == 1 ? "" : "s",
                      list.first_example, list.values, list.chunks));
    }
    return warnings;
  }

 private:
  // Lists of numbers that do not count the chunks, of one field: how many, and the first.
  struct OtherLists {
    int64_t examples = 0;
    int64_t first_example = 0;
    size_t values = 0;
    size_t chunks = 0;
  };

  static std::string read_transcript(const ExampleFields& fields, const std::string& cot) {
    std::string raw_response = fields.text(field::kRawResponse).value_or("");
    const std::string input_prompt = fields.text(field::kInputPrompt).value_or("");
    if (!raw_response.empty()) return raw_response;
    if (!input_prompt.empty() && !cot.empty()) return input_prompt + cot;
    fields.refuse(fmt::format(
        "no text to run: expected raw_response, or model_input_prompt and cot, as strings that are "
        "not empty; its fields are {}. Another field can be read for each (field cot=FIELD).",
        fields.found()));
  }

  // Whether the data brings its own chunks.
  static bool read_chunks(const ExampleFields& fields, Example& example) {
    const bool has_cot = !trimmed(std::string_view(example.cot)).empty();
    // Without a reasoning text, the file's chunks are parts of the transcript.
    if (!has_cot && fields.find(field::kChunks) != nullptr) example.cot = example.transcript;
    auto chunks = read_given_chunks(fields, field::kChunks, example.cot);
    const bool has_own_chunks = chunks.has_value();
    example.chunks = has_own_chunks ? std::move(*chunks) : split_chunks(example.cot);
    return has_own_chunks;
  }

  static void read_anchors(const ExampleFields& fields, Example& example) {
    auto sentences = fields.texts(field::kAnchorSentence).value_or(std::vector<std::string>());
    auto numbers = fields.chunk_numbers(field::kAnchorIndex).value_or(std::vector<std::optional<int64_t>>());
    if (!sentences.empty() && !numbers.empty() && sentences.size() != numbers.size()) {
      fields.refuse(fmt::format("fields {} and {}: expected as many of one as of the other, found {} and {}.",
                                fields.name_in_file(field::kAnchorSentence),
                                fields.name_in_file(field::kAnchorIndex), sentences.size(), numbers.size()));
    }
    const size_t count = std::max(sentences.size(), numbers.size());
    sentences.resize(count);
    numbers.resize(count);
    const AnchorText text{.cot = example.cot, .chunks = example.chunks};
    for (size_t i = 0; i < count; ++i) {
      if (trimmed(std::string_view(sentences[i])).empty() && !numbers[i]) continue;
      example.anchors.push_back(place_anchor(sentences[i], numbers[i], text));
      const std::string& doubt = example.anchors.back().doubt;
      if (!doubt.empty()) example.doubts.push_back(doubt);
    }
    if (example.anchors.empty()) {
      example.no_anchor = fmt::format(
          "The example has no anchor (thought_anchor_sentence or thought_anchor_idx); its "
          "fields are {}",
          fields.found());
    }
  }

  void read_metrics(const ExampleFields& fields, Example& example) {
    ChunkNumbers numbers = read_chunk_numbers(fields, required_, known_fields_, example.chunks.size());
    example.doubts.insert(example.doubts.end(), numbers.doubts.begin(), numbers.doubts.end());
    if (example.doubts.empty()) example.chunk_metrics = std::move(numbers.metrics);
    for (const auto& [field, values] : numbers.others) {
      OtherLists& list = other_lists_[field];
      if (list.examples++ == 0) {
        list.first_example = example.index;
        list.values = values;
        list.chunks = example.chunks.size();
      }
    }
  }

  // An example without an anchor and one with an empty one give the same hash: neither can be measured.
  static uint64_t hash_of(const Example& example, bool has_own_chunks) {
    ContentHash hash;
    hash.add_text(example.transcript);
    if (example.anchors.empty()) hash.add_text("");
    for (const Anchor& anchor : example.anchors) hash.add_text(anchor.sentence);
    if (has_own_chunks) {
      for (const ByteRange& chunk : example.chunks) {
        hash.add_number(static_cast<uint64_t>(chunk.begin));
        hash.add_number(static_cast<uint64_t>(chunk.end));
      }
    }
    return hash.value();
  }

  std::string_view file_;
  const FieldNames& names_;
  std::vector<std::string> required_;
  std::set<std::string> known_fields_;  // of the file: those that are no metric of their own
  std::set<std::string> seen_;
  std::map<std::string, OtherLists> other_lists_;
};

// A dataset of a hundred thousand examples with the same fault gives a few lines and a count.
constexpr size_t kMostDoubtfulExamples = 20;

void warn_of_doubts(const std::vector<Example>& examples, std::string_view name,
                    std::vector<std::string>& warnings) {
  size_t doubtful = 0;
  for (const Example& example : examples) {
    if (example.doubts.empty() || ++doubtful > kMostDoubtfulExamples) continue;
    warnings.push_back(
        fmt::format("{}: example {}: {}: its chunks are not those that the file counts, and none of its "
                    "metrics is used",
                    name, example.index, fmt::join(example.doubts, "; ")));
  }
  if (doubtful > kMostDoubtfulExamples) {
    warnings.push_back(
        fmt::format("{}: {} more examples are like these", name, doubtful - kMostDoubtfulExamples));
  }
}

}  // namespace

const std::vector<std::string>& annotated_metric_names() {
  static const std::vector<std::string> names{"counterfactual_accuracies", "counterfactual_importance_kl",
                                              "different_trajectories_fraction", "overdeterminedness"};
  return names;
}

std::vector<std::string> Dataset::metric_names() const {
  std::vector<std::string> names = annotated_metric_names();
  std::set<std::string> others;
  for (const Example& example : examples) {
    for (const auto& [name, values] : example.chunk_metrics) others.insert(name);
  }
  for (const std::string& name : names) others.erase(name);
  names.insert(names.end(), others.begin(), others.end());
  return names;
}

FieldNames parse_field_names(const std::vector<std::string>& pairs) {
  FieldNames names;
  for (const std::string& pair : pairs) {
    const size_t equals = pair.find('=');
    if (equals == std::string::npos || equals == 0 || equals + 1 == pair.size()) {
      fail(ErrorCode::kUsage, "'{}' names no field: expected NAME=FIELD, such as cot=reasoning",
           excerpt(pair));
    }
    const std::string name = pair.substr(0, equals);
    if (names.emplace(name, pair.substr(equals + 1)).second) continue;
    fail(ErrorCode::kUsage, "'{}': a field is given for {} twice", excerpt(pair), excerpt(name, 40));
  }
  return names;
}

Dataset parse_dataset(std::string_view text, std::string_view name, const FieldNames& names) {
  JsonExamples json = read_json_examples(text, name);
  if (json.objects.empty()) fail(ErrorCode::kInput, "{}: expected at least one example, found none.", name);
  Dataset dataset{.examples = {}, .warnings = std::move(json.warnings)};
  ExampleReader reader(name, names);
  for (const nlohmann::json& object : json.objects) {
    dataset.examples.push_back(reader.read(object, static_cast<int64_t>(dataset.examples.size())));
  }
  for (std::string& warning : reader.finish()) dataset.warnings.push_back(std::move(warning));
  warn_of_doubts(dataset.examples, name, dataset.warnings);
  return dataset;
}

Dataset load_dataset(const std::filesystem::path& path, const FieldNames& names) {
  return parse_dataset(read_whole_file(path), path.string(), names);
}

}  // namespace tugline
