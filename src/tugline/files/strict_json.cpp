#include "tugline/files/strict_json.h"

#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "tugline/core/error.h"
#include "tugline/files/byte_reader.h"

namespace tugline {
namespace {

using Json = nlohmann::json;

constexpr size_t kDeepest = 16;

// Follows the parser's events with the names seen in each object that is still open.
class NameWatch {
 public:
  explicit NameWatch(std::string_view label) : label_(label) {}

  void see(Json::parse_event_t event, const Json& parsed) {
    switch (event) {
      case Json::parse_event_t::object_start:
      case Json::parse_event_t::array_start:
        open();
        break;
      case Json::parse_event_t::object_end:
      case Json::parse_event_t::array_end:
        names_.pop_back();
        break;
      case Json::parse_event_t::key:
        add(parsed.get_ref<const std::string&>());
        break;
      case Json::parse_event_t::value:
        break;
    }
  }

 private:
  void open() {
    if (names_.size() == kDeepest) {
      fail(ErrorCode::kInput, "{}: its JSON is nested more than {} deep", label_, kDeepest);
    }
    names_.emplace_back();
  }

  void add(const std::string& name) {
    if (names_.back().insert(name).second) return;
    fail(ErrorCode::kInput, "{}: its JSON has the name '{}' twice in one object", label_, printable(name));
  }

  std::string_view label_;
  std::vector<std::set<std::string>> names_;
};

}  // namespace

Json parse_strict_json(std::string_view text, std::string_view label) {
  NameWatch watch(label);
  const auto callback = [&](int, Json::parse_event_t event, Json& parsed) {
    watch.see(event, parsed);
    return true;
  };
  try {
    return Json::parse(text.begin(), text.end(), callback);
  } catch (const Json::parse_error& error) {
    fail(ErrorCode::kInput, "{}: malformed JSON at its byte {}; it is truncated or damaged, fetch it again",
         label, error.byte);
  } catch (const Json::out_of_range&) {
    fail(ErrorCode::kInput, "{}: its JSON has a number too large for a double", label);
  }
}

}  // namespace tugline
