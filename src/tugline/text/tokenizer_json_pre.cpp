#include "tugline/text/tokenizer_json_pre.h"

#include <optional>
#include <utility>

#include "tugline/core/error.h"
#include "tugline/core/excerpt.h"

namespace tugline {
namespace {

SplitBehavior read_behavior(const JsonField& field) {
  const std::string& name = field.string();
  if (name == "Isolated") return SplitBehavior::kIsolated;
  if (name == "Removed") return SplitBehavior::kRemoved;
  if (name == "MergedWithPrevious") return SplitBehavior::kMergedWithPrevious;
  if (name == "MergedWithNext") return SplitBehavior::kMergedWithNext;
  if (name == "Contiguous") return SplitBehavior::kContiguous;
  fail(ErrorCode::kUnsupported, "{}: '{}' is not a behaviour that tugline has", field.where(),
       excerpt(name, 40));
}

Regex read_pattern(const JsonField& field) {
  if (const JsonField regex = field.get("Regex"); !regex.is_null()) return {regex.string(), regex.where()};
  const JsonField literal = field.at("String");
  return Regex::literal(literal.string(), literal.where());
}

RegexSplit read_split(const JsonField& field) {
  return {read_pattern(field.at("pattern")), read_behavior(field.at("behavior")),
          field.at("invert").boolean()};
}

ByteLevelSplit read_byte_level(const JsonField& field) {
  const JsonField use_regex = field.get("use_regex");
  return {field.at("add_prefix_space").boolean(), use_regex.is_null() || use_regex.boolean()};
}

// Collects the steps of sequences within sequences in the order in which they run.
struct StepReader {
  // No known tokenizer has more than six. Each walks over the whole text.
  static constexpr size_t kMostSteps = 16;

  std::vector<PreTokenizer::Step> steps;
  std::optional<ByteLevelSplit> byte_level;

  void read(const JsonField& field, int depth) {
    const std::string type = field.at("type").string();
    if (steps.size() == kMostSteps && type != "ByteLevel")
      fail(ErrorCode::kUnsupported, "{}: '{}' is step {}; tugline has up to {} before ByteLevel",
           field.where(), excerpt(type, 40), kMostSteps + 1, kMostSteps);
    if (byte_level)
      fail(ErrorCode::kUnsupported, "{}: '{}' after ByteLevel is not supported", field.where(),
           excerpt(type, 40));
    if (type == "Split") {
      steps.emplace_back(read_split(field));
    } else if (type == "Digits") {
      steps.emplace_back(DigitSplit{field.at("individual_digits").boolean()});
    } else if (type == "ByteLevel") {
      byte_level = read_byte_level(field);
    } else if (type == "Sequence" && depth < kDeepestSequence) {
      const JsonField list = field.at("pretokenizers");
      for (size_t i = 0; i < list.array_size(); ++i) read(list.element(i), depth + 1);
    } else {
      fail(ErrorCode::kUnsupported,
           "{}: '{}' is not supported; tugline has Split, Digits, ByteLevel and Sequence", field.where(),
           excerpt(type, 40));
    }
  }
};

}  // namespace

PreTokenizer read_pre_tokenizer(const JsonField& field) {
  if (field.is_null())
    fail(ErrorCode::kUnsupported, "{}: null is not supported; tugline needs ByteLevel", field.where());
  StepReader reader;
  reader.read(field, 0);
  if (!reader.byte_level) {
    fail(ErrorCode::kUnsupported, "{}: has no ByteLevel: only byte-level BPE is supported", field.where());
  }
  return {std::move(reader.steps), *reader.byte_level};
}

}  // namespace tugline
