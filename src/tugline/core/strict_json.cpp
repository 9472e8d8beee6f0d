#include "tugline/core/strict_json.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "tugline/core/error.h"
#include "tugline/core/foreign_content.h"
#include "tugline/core/printable.h"

namespace tugline {
namespace {

using Json = nlohmann::json;

// Far deeper than any model's files are, and shallow enough for code that recurses over the value.
constexpr size_t kDeepest = 64;

// Builds the value from the parser's events. (The library's own callback parser looks through all members of
// an object after each one that ends, which takes hours for a million tensors.)
class Builder final : public nlohmann::json_sax<Json> {
 public:
  Builder(std::string_view text, std::string_view label) : text_(text), label_(label) {}

  Json take() { return std::move(root_); }

  bool null() override { return add(nullptr); }
  bool boolean(bool value) override { return add(value); }
  bool number_integer(int64_t value) override { return add(value); }
  bool number_unsigned(uint64_t value) override { return add(value); }
  bool number_float(double value, const std::string&) override { return add(value); }
  bool string(std::string& value) override { return add(std::move(value)); }
  bool binary(Json::binary_t&) override { return false; }  // not in text
  bool start_object(size_t) override { return open(Json::object()); }
  bool start_array(size_t) override { return open(Json::array()); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }

  bool key(std::string& name) override {
    const auto [member, is_new] = open_.back()->get_ref<Json::object_t&>().emplace(name, nullptr);
    if (!is_new)
      fail(ErrorCode::kInput, "{}: its JSON has the name '{}' twice in one object", label_, printable(name));
    member_ = &member->second;
    return true;
  }

  bool parse_error(size_t position, const std::string&, const nlohmann::detail::exception& error) override {
    if (dynamic_cast<const Json::out_of_range*>(&error) != nullptr)
      fail(ErrorCode::kInput, "{}: its JSON has a number too large for a double, {}", label_,
           place(position));
    refuse_foreign_content(text_, label_);
    fail(ErrorCode::kInput, "{}: malformed JSON {}; it is truncated or damaged, fetch it again", label_,
         place(position));
  }

 private:
  Json* put(Json value) {
    Json* slot = &root_;
    if (!open_.empty() && open_.back()->is_array()) {
      open_.back()->push_back(nullptr);
      slot = &open_.back()->back();
    } else if (!open_.empty()) {
      slot = member_;
    }
    *slot = std::move(value);
    return slot;
  }
  bool add(Json value) {
    put(std::move(value));
    return true;
  }
  bool open(Json value) {
    if (open_.size() == kDeepest)
      fail(ErrorCode::kInput, "{}: its JSON is nested more than {} deep", label_, kDeepest);
    open_.push_back(put(std::move(value)));
    return true;
  }
  bool close() {
    open_.pop_back();
    return true;
  }

  // `position` counts the characters that were read, the one in question included.
  [[nodiscard]] std::string place(size_t position) const {
    const std::string_view before = text_.substr(0, position == 0 ? 0 : position - 1);
    const size_t line_start = before.rfind('\n') == std::string_view::npos ? 0 : before.rfind('\n') + 1;
    return fmt::format("at line {}, column {}", 1 + std::ranges::count(before, '\n'),
                       1 + before.size() - line_start);
  }

  std::string_view text_;
  std::string_view label_;
  Json root_;
  std::vector<Json*> open_;  // from the document inwards; an array's element stays in place while it is open
  Json* member_ = nullptr;   // of the innermost object, the one whose name was read last
};

}  // namespace

Json parse_strict_json(std::string_view text, std::string_view label) {
  Builder builder(text, label);
  Json::sax_parse(text.begin(), text.end(), &builder);
  return builder.take();
}

std::string shown(const Json& value) {
  return printable(value.dump(-1, ' ', false, Json::error_handler_t::replace));
}

}  // namespace tugline
