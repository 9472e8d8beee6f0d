#include "tugline/data/json_examples.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "tugline/core/error.h"
#include "tugline/core/excerpt.h"
#include "tugline/core/strict_json.h"

namespace tugline {
namespace {

using nlohmann::json;

constexpr size_t kLongestQuote = 40;

// The parser's message without its own library's prefix, "[json.exception.parse_error.101] ". It quotes the
// whole value that it was reading, which may be a text of megabytes: only the end of that is kept.
std::string parser_message(const json::exception& error) {
  std::string message = error.what();
  const size_t prefix = message.find("] ");
  if (prefix != std::string::npos) message.erase(0, prefix + 2);
  constexpr std::string_view kQuote = "last read: '";
  const size_t quote = message.find(kQuote);
  if (quote == std::string::npos) return message;
  const size_t begin = quote + kQuote.size();
  const size_t end = message.rfind('\'');
  if (end <= begin + kLongestQuote) return message;
  const std::string tail = excerpt(std::string_view(message).substr(end - kLongestQuote, kLongestQuote));
  return message.substr(0, begin) + "..." + tail + message.substr(end);
}

// What is wrong with a text that is not JSON, and what to do about it.
std::string complaint(const std::string& message) {
  if (message.find("surrogate") == std::string::npos)
    return message + "; a dataset is a JSON list of objects, or one JSON object a line (docs/dataset.md)";
  return message.substr(0, message.find(": ")) +
         ": half of a surrogate pair, which is no character; write the text again without it (in Python, "
         "text.encode('utf-8', 'replace').decode())";
}

// As parse_strict_json, and says why a text is not JSON: people write these files by hand and by script.
json parse_document(std::string_view text, const std::string& where) {
  if (json::accept(text.begin(), text.end())) return parse_strict_json(text, where);
  try {
    [[maybe_unused]] const json parsed = json::parse(text.begin(), text.end());
  } catch (const json::exception& error) {
    fail(ErrorCode::kInput, "{}: not JSON: {}", where, complaint(parser_message(error)));
  }
  fail(ErrorCode::kInput, "{}: not JSON", where);
}

// Copies a text with null in place of each NaN and infinity outside strings.
class NullWriter {
 public:
  explicit NullWriter(std::string_view text) : text_(text) {}

  std::string run() {
    std::string out;
    out.reserve(text_.size());
    bool in_string = false;
    for (size_t at = 0; at < text_.size();) {
      const char c = text_[at];
      const size_t literal = in_string ? 0 : literal_at(at);
      if (literal > 0) {
        note(at);
        out += "null";
        at += literal;
        continue;
      }
      const size_t step = in_string && c == '\\' ? 2 : 1;  // an escaped quote does not end a string
      if (c == '"') in_string = !in_string;
      out += text_.substr(at, step);
      at += step;
    }
    return out;
  }

  [[nodiscard]] int64_t count() const { return count_; }
  [[nodiscard]] int64_t first_line() const { return first_line_; }

 private:
  [[nodiscard]] size_t literal_at(size_t at) const {
    constexpr std::array<std::string_view, 3> kLiterals{"NaN", "Infinity", "-Infinity"};
    for (const std::string_view literal : kLiterals) {
      if (text_.substr(at, literal.size()) == literal) return literal.size();
    }
    return 0;
  }

  void note(size_t at) {
    if (count_++ == 0)
      first_line_ = 1 + std::count(text_.begin(), text_.begin() + static_cast<int64_t>(at), '\n');
  }

  std::string_view text_;
  int64_t count_ = 0;
  int64_t first_line_ = 0;
};

bool holds_objects(const json& value) {
  return (value.is_array() || value.is_object()) && !value.empty() &&
         std::all_of(value.begin(), value.end(), [](const json& element) { return element.is_object(); });
}

// An object in place of the list: what most likely happened, and what to do.
[[noreturn]] void refuse_object(const json& object, std::string_view name) {
  if (holds_objects(object)) {
    fail(ErrorCode::kInput,
         "{}: expected a list of examples, found an object whose fields ('{}' ...) are the examples; write "
         "its values "
         "as a list.",
         name, excerpt(object.begin().key(), 40));
  }
  for (const auto& [key, value] : object.items()) {
    if (!value.is_array() || !holds_objects(value)) continue;
    fail(ErrorCode::kInput,
         "{}: expected a list of examples, found an object with a list of objects in its field '{}'; write "
         "that list "
         "alone.",
         name, excerpt(key, 40));
  }
  fail(ErrorCode::kInput, "{}: expected a list of examples or one object a line, found an object.", name);
}

void add_list(std::string_view text, std::string_view name, JsonExamples& out) {
  json list = parse_document(text, std::string(name));
  if (!list.is_array()) {
    fail(ErrorCode::kInput, "{}: expected a list of examples, found {}.", name, describe(list));
  }
  for (json& object : list) out.objects.push_back(std::move(object));
}

// Whether the text's first line is a whole object, so that the text is JSON Lines and not one object over
// several lines.
bool is_lines(std::string_view text) {
  const std::string_view first = text.substr(0, text.find('\n'));
  return json::accept(first.begin(), first.end());
}

void add_lines(std::string_view text, std::string_view name, int64_t line_number, JsonExamples& out) {
  for (; !text.empty(); ++line_number) {
    const size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    out.objects.push_back(parse_document(line, fmt::format("{}: line {}", name, line_number)));
  }
}

void add_examples(std::string_view text, std::string_view name, JsonExamples& out) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  const size_t begin = text.find_first_not_of(" \t\r\n");
  if (begin == std::string_view::npos) return;
  if (text[begin] != '{') return add_list(text, name, out);
  const int64_t line = 1 + std::count(text.begin(), text.begin() + static_cast<int64_t>(begin), '\n');
  const std::string_view rest = text.substr(begin);
  if (!is_lines(rest) && json::accept(rest.begin(), rest.end())) {
    refuse_object(parse_document(rest, std::string(name)), name);
  }
  add_lines(rest, name, line, out);
  // One object by itself is one example, unless it is a container.
  const json& first = out.objects.front();
  const bool is_container =
      holds_objects(first) || std::any_of(first.begin(), first.end(), [](const json& value) {
        return value.is_array() && holds_objects(value);
      });
  if (out.objects.size() == 1 && first.is_object() && is_container) refuse_object(first, name);
}

}  // namespace

JsonExamples read_json_examples(std::string_view text, std::string_view name) {
  JsonExamples out;
  const bool may_have_literals =
      text.find("NaN") != std::string_view::npos || text.find("Infinity") != std::string_view::npos;
  if (!may_have_literals) {
    add_examples(text, name, out);
  } else {
    NullWriter writer(text);
    add_examples(writer.run(), name, out);
    if (writer.count() > 0) {
      out.warnings.push_back(fmt::format("{}: NaN or Infinity is read as null, {} time{}, first in line {}",
                                         name, writer.count(), writer.count() == 1 ? "" : "s",
                                         writer.first_line()));
    }
  }
  for (size_t i = 0; i < out.objects.size(); ++i) {
    if (out.objects[i].is_object()) continue;
    fail(ErrorCode::kInput, "{}: example {}: expected an object with fields, found {}.", name, i,
         describe(out.objects[i]));
  }
  return out;
}

std::string describe(const json& value) {
  if (value.is_null()) return "null";
  if (value.is_boolean()) return value.get<bool>() ? "true" : "false";
  if (value.is_number()) return "the number " + value.dump();
  if (value.is_string()) return "a string";
  return value.is_array() ? "a list" : "an object";
}

}  // namespace tugline
