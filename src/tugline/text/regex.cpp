#include "tugline/text/regex.h"

#include <oniguruma.h>

#include <algorithm>
#include <mutex>

#include "tugline/core/error.h"
#include "tugline/text/utf8.h"

namespace tugline {
namespace {

// Backtracking steps that one match may take: the engine's own default for short texts, and in proportion for
// long ones, where a run of a million spaces is walked back once or twice. A pattern that needs more is
// exponential.
constexpr unsigned long kRetriesAtLeast = 10'000'000;
constexpr unsigned long kRetriesPerByte = 64;

const OnigUChar* bytes_of(std::string_view text) { return reinterpret_cast<const OnigUChar*>(text.data()); }

std::string describe(int code, OnigErrorInfo* info = nullptr) {
  OnigUChar buffer[ONIG_MAX_ERROR_MESSAGE_LEN] = {};
  const int length = info ? onig_error_code_to_str(buffer, code, info) : onig_error_code_to_str(buffer, code);
  return std::string(reinterpret_cast<const char*>(buffer), static_cast<size_t>(std::max(length, 0)));
}

void initialize_engine() {
  static std::once_flag once;
  std::call_once(once, [] {
    OnigEncoding encodings[] = {ONIG_ENCODING_UTF8};
    onig_initialize(encodings, 1);
  });
}

struct RegionDeleter {
  void operator()(OnigRegion* region) const { onig_region_free(region, 1); }
};
struct ParamDeleter {
  void operator()(OnigMatchParam* param) const { onig_free_match_param(param); }
};

}  // namespace

struct Regex::Impl {
  OnigRegex regex = nullptr;
  std::string where;
  ~Impl() {
    if (regex) onig_free(regex);
  }
};

Regex::Regex(const std::string& pattern, const std::string& where) : impl_(std::make_unique<Impl>()) {
  initialize_engine();
  impl_->where = where;
  OnigErrorInfo info{};
  const OnigUChar* begin = bytes_of(pattern);
  const int code = onig_new(&impl_->regex, begin, begin + pattern.size(), ONIG_OPTION_NONE,
                            ONIG_ENCODING_UTF8, ONIG_SYNTAX_DEFAULT, &info);
  if (code == ONIG_NORMAL) return;
  impl_->regex = nullptr;
  fail(ErrorCode::kInput, "{}: '{}' is not a regular expression: {}", where, pattern, describe(code, &info));
}

Regex Regex::literal(std::string_view text, const std::string& where) {
  std::string pattern;
  for (const char c : text) {
    const bool plain = (c & 0x80) != 0 || (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
                       (c >= 'a' && c <= 'z') || static_cast<unsigned char>(c) <= ' ';
    if (!plain) pattern.push_back('\\');
    pattern.push_back(c);
  }
  return {pattern, where};
}

Regex::Regex(Regex&&) noexcept = default;
Regex& Regex::operator=(Regex&&) noexcept = default;
Regex::~Regex() = default;

void Regex::each_match(std::string_view text, const std::function<void(size_t, size_t)>& found) const {
  const std::unique_ptr<OnigRegion, RegionDeleter> region(onig_region_new());
  const std::unique_ptr<OnigMatchParam, ParamDeleter> param(onig_new_match_param());
  onig_initialize_match_param(param.get());
  onig_set_retry_limit_in_match_of_match_param(param.get(),
                                               std::max(kRetriesAtLeast, kRetriesPerByte * text.size()));
  const OnigUChar* begin = bytes_of(text);
  const OnigUChar* end = begin + text.size();
  size_t last_end = std::string_view::npos;
  for (size_t from = 0; from <= text.size();) {
    const int at = onig_search_with_param(impl_->regex, begin, end, begin + from, end, region.get(),
                                          ONIG_OPTION_NONE, param.get());
    if (at == ONIG_MISMATCH) return;
    if (at < 0)
      fail(ErrorCode::kUnsupported, "{}: the regular expression gave up on a text: {}", impl_->where,
           describe(at));
    const auto match_begin = static_cast<size_t>(region->beg[0]);
    const auto match_end = static_cast<size_t>(region->end[0]);
    if (match_begin == match_end && match_end == last_end) {
      from = from < text.size() ? from + utf8_char_at(text, from).bytes : from + 1;
      continue;
    }
    found(match_begin, match_end);
    from = last_end = match_end;
  }
}

}  // namespace tugline
