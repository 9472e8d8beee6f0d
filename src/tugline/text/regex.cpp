#include "tugline/text/regex.h"

#include <oniguruma.h>
#include <time.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <mutex>

#include "tugline/core/error.h"
#include "tugline/core/excerpt.h"
#include "tugline/text/utf8.h"

namespace tugline {
namespace {

// What a pattern may take on a text. A real pattern takes a handful of backtracking steps for each byte that
// it matches, and walks a run of white space back once or twice: some 0.1 us a byte. A pattern that needs a
// hundred times that, such as a*a*[0-9], would take days on a transcript.
//
// The engine bounds the steps of a single search. So each search has a small bound first, which nearly all
// stay under. One that goes over it is tried again with twice the bound, and what the failed tries took
// counts against the text's budget. A step may itself walk over the whole text (a possessive repetition), so
// that there is a budget of processor time too.
constexpr unsigned long kFirstBound = 4096;
constexpr uint64_t kStepsPerByte = 256;
constexpr double kSecondsAtLeast = 2;
constexpr double kSecondsPerByte = 20e-6;
// The thread's own clock costs as much as a few searches, and is asked once in this time. The other clock
// costs next to nothing.
constexpr double kSecondsBetweenLooks = 0.05;
// The engine remembers each place that it may come back to, one for each character of a run of letters, in
// some 40 bytes.
constexpr size_t kPlacesPerByte = 2;
constexpr size_t kPlacesAtLeast = 100'000;
// Each \p{L} becomes a table of 14 KB. The longest pattern of a known tokenizer has about 1,500 bytes.
constexpr size_t kLongestPattern = 8192;

double seconds_of(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

// A group that calls others twice, which call others twice, takes a time that doubles with each: the engine
// comes to no end even while it compiles them. No known tokenizer has calls.
bool calls_groups(std::string_view pattern) {
  for (size_t at = 0; at + 2 < pattern.size(); ++at) {
    if (pattern[at] != '\\') continue;
    ++at;
    if (pattern[at] == 'g' && (pattern[at + 1] == '<' || pattern[at + 1] == '\'')) return true;
  }
  return false;
}

void check_pattern(const std::string& pattern, const std::string& where) {
  if (pattern.size() > kLongestPattern)
    fail(ErrorCode::kUnsupported,
         "{}: a regular expression of {} bytes is not supported; tugline has up to {}", where, pattern.size(),
         kLongestPattern);
  if (calls_groups(pattern))
    fail(ErrorCode::kUnsupported, "{}: '{}' calls a group (\\g), which is not supported", where,
         excerpt(pattern));
}

const OnigUChar* bytes_of(std::string_view text) { return reinterpret_cast<const OnigUChar*>(text.data()); }

std::string describe(int code, OnigErrorInfo* info = nullptr) {
  OnigUChar buffer[ONIG_MAX_ERROR_MESSAGE_LEN] = {};
  const int length = info ? onig_error_code_to_str(buffer, code, info) : onig_error_code_to_str(buffer, code);
  return std::string(reinterpret_cast<const char*>(buffer), static_cast<size_t>(std::max(length, 0)));
}

// The reference's syntax except callouts, such as (*MAX{2}) and (?{x}), which would call functions of a
// program.
OnigSyntaxType* syntax() {
  static OnigSyntaxType without_callouts = [] {
    OnigSyntaxType made;
    onig_copy_syntax(&made, ONIG_SYNTAX_DEFAULT);
    constexpr unsigned kCallouts =
        ONIG_SYN_OP2_QMARK_BRACE_CALLOUT_CONTENTS | ONIG_SYN_OP2_ASTERISK_CALLOUT_NAME;
    onig_set_syntax_op2(&made, onig_get_syntax_op2(&made) & ~kCallouts);
    return made;
  }();
  return &without_callouts;
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

MatchBudget::MatchBudget(size_t text_bytes, uint64_t steps_at_least)
    : text_bytes_(text_bytes),
      steps_(std::max(steps_at_least, kStepsPerByte * text_bytes)),
      deadline_(seconds_of(CLOCK_THREAD_CPUTIME_ID) + kSecondsAtLeast +
                kSecondsPerByte * static_cast<double>(text_bytes)) {}

bool MatchBudget::is_spent() {
  const double now = seconds_of(CLOCK_MONOTONIC_COARSE);
  if (steps_ > 0 && now - looked_at_ < kSecondsBetweenLooks) return false;
  looked_at_ = now;
  return steps_ == 0 || seconds_of(CLOCK_THREAD_CPUTIME_ID) > deadline_;
}

// Searches one piece of a text again and again, within the text's budget.
class Searcher {
 public:
  Searcher(OnigRegex regex, std::string_view text, MatchBudget& budget)
      : regex_(regex),
        text_(text),
        budget_(budget),
        places_(static_cast<unsigned>(std::min<size_t>(kPlacesAtLeast + kPlacesPerByte * text.size(),
                                                       std::numeric_limits<int>::max()))),
        region_(onig_region_new()),
        param_(onig_new_match_param()) {}

  // Returns as onig_search does: the begin of a match, ONIG_MISMATCH, or an error's code.
  int search(size_t from) {
    const OnigUChar* begin = bytes_of(text_);
    const OnigUChar* end = begin + text_.size();
    if (budget_.is_spent()) return ONIGERR_RETRY_LIMIT_IN_SEARCH_OVER;
    for (unsigned long bound = kFirstBound;; bound *= 2) {
      onig_set_match_stack_limit_size_of_match_param(param_.get(), places_);
      onig_set_retry_limit_in_match_of_match_param(param_.get(), bound);
      onig_set_retry_limit_in_search_of_match_param(param_.get(), bound);
      const int at = onig_search_with_param(regex_, begin, end, begin + from, end, region_.get(),
                                            ONIG_OPTION_NONE, param_.get());
      if (at != ONIGERR_RETRY_LIMIT_IN_MATCH_OVER && at != ONIGERR_RETRY_LIMIT_IN_SEARCH_OVER) return at;
      budget_.steps_ -= std::min<uint64_t>(budget_.steps_, bound);
      if (budget_.is_spent()) return at;
    }
  }

  [[nodiscard]] size_t match_begin() const { return static_cast<size_t>(region_->beg[0]); }
  [[nodiscard]] size_t match_end() const { return static_cast<size_t>(region_->end[0]); }

 private:
  OnigRegex regex_;
  std::string_view text_;
  MatchBudget& budget_;
  unsigned places_;
  std::unique_ptr<OnigRegion, RegionDeleter> region_;
  std::unique_ptr<OnigMatchParam, ParamDeleter> param_;
};

struct Regex::Impl {
  OnigRegex regex = nullptr;
  std::string where;
  std::string pattern;
  ~Impl() {
    if (regex) onig_free(regex);
  }
};

Regex::Regex(const std::string& pattern, const std::string& where) : impl_(std::make_unique<Impl>()) {
  initialize_engine();
  check_pattern(pattern, where);
  impl_->where = where;
  impl_->pattern = pattern;
  OnigErrorInfo info{};
  const OnigUChar* begin = bytes_of(pattern);
  const int code = onig_new(&impl_->regex, begin, begin + pattern.size(), ONIG_OPTION_NONE,
                            ONIG_ENCODING_UTF8, syntax(), &info);
  if (code == ONIG_NORMAL) return;
  impl_->regex = nullptr;
  fail(ErrorCode::kInput, "{}: '{}' is not a regular expression: {}", where, excerpt(pattern),
       excerpt(describe(code, &info)));
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

void Regex::each_match(std::string_view text, MatchBudget& budget,
                       const std::function<void(size_t, size_t)>& found) const {
  Searcher searcher(impl_->regex, text, budget);
  size_t last_end = std::string_view::npos;
  for (size_t from = 0; from <= text.size();) {
    const int at = searcher.search(from);
    if (at == ONIG_MISMATCH) return;
    if (at < 0) {
      fail(ErrorCode::kUnsupported,
           "{}: the regular expression '{}' takes too many steps on a text of {} bytes ({}); a pattern that "
           "repeats a repetition is not supported",
           impl_->where, excerpt(impl_->pattern), budget.text_bytes_, describe(at));
    }
    const size_t match_begin = searcher.match_begin();
    const size_t match_end = searcher.match_end();
    if (match_begin == match_end && match_end == last_end) {
      from = from < text.size() ? from + utf8_char_at(text, from).bytes : from + 1;
      continue;
    }
    found(match_begin, match_end);
    from = last_end = match_end;
  }
}

}  // namespace tugline
