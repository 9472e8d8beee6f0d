#include "tugline/text/regex.h"

#include <oniguruma.h>
#include <time.h>

#include <algorithm>
#include <cstdint>
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
constexpr unsigned long kBudgetAtLeast = 10'000'000;
constexpr unsigned long kBudgetPerByte = 256;
constexpr double kSecondsAtLeast = 2;
constexpr double kSecondsPerByte = 20e-6;
constexpr int kSearchesPerLook = 64;  // at the clock, which costs as much as a few searches

double thread_seconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

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

// Searches one text again and again, within its budget of steps.
class Searcher {
 public:
  Searcher(OnigRegex regex, std::string_view text)
      : regex_(regex),
        text_(text),
        budget_(std::max(kBudgetAtLeast, kBudgetPerByte * text.size())),
        deadline_(thread_seconds() + kSecondsAtLeast + kSecondsPerByte * static_cast<double>(text.size())),
        region_(onig_region_new()),
        param_(onig_new_match_param()) {}

  // Returns as onig_search does: the begin of a match, ONIG_MISMATCH, or an error's code.
  int search(size_t from) {
    const OnigUChar* begin = bytes_of(text_);
    const OnigUChar* end = begin + text_.size();
    if (++searches_ % kSearchesPerLook == 0 && thread_seconds() > deadline_)
      return ONIGERR_RETRY_LIMIT_IN_SEARCH_OVER;
    for (unsigned long bound = kFirstBound;; bound *= 2) {
      onig_initialize_match_param(param_.get());
      onig_set_retry_limit_in_match_of_match_param(param_.get(), bound);
      onig_set_retry_limit_in_search_of_match_param(param_.get(), bound);
      const int at = onig_search_with_param(regex_, begin, end, begin + from, end, region_.get(),
                                            ONIG_OPTION_NONE, param_.get());
      if (at != ONIGERR_RETRY_LIMIT_IN_MATCH_OVER && at != ONIGERR_RETRY_LIMIT_IN_SEARCH_OVER) return at;
      spent_ += bound;
      if (spent_ > budget_ || thread_seconds() > deadline_) return at;
    }
  }

  [[nodiscard]] size_t match_begin() const { return static_cast<size_t>(region_->beg[0]); }
  [[nodiscard]] size_t match_end() const { return static_cast<size_t>(region_->end[0]); }

 private:
  OnigRegex regex_;
  std::string_view text_;
  unsigned long budget_;
  unsigned long spent_ = 0;
  double deadline_;  // in the thread's processor time
  int64_t searches_ = 0;
  std::unique_ptr<OnigRegion, RegionDeleter> region_;
  std::unique_ptr<OnigMatchParam, ParamDeleter> param_;
};

}  // namespace

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
  impl_->where = where;
  impl_->pattern = pattern;
  OnigErrorInfo info{};
  const OnigUChar* begin = bytes_of(pattern);
  const int code = onig_new(&impl_->regex, begin, begin + pattern.size(), ONIG_OPTION_NONE,
                            ONIG_ENCODING_UTF8, ONIG_SYNTAX_DEFAULT, &info);
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

void Regex::each_match(std::string_view text, const std::function<void(size_t, size_t)>& found) const {
  Searcher searcher(impl_->regex, text);
  size_t last_end = std::string_view::npos;
  for (size_t from = 0; from <= text.size();) {
    const int at = searcher.search(from);
    if (at == ONIG_MISMATCH) return;
    if (at < 0) {
      fail(ErrorCode::kUnsupported,
           "{}: the regular expression '{}' takes too many steps on a text of {} bytes ({}); a pattern that "
           "repeats a "
           "repetition is not supported",
           impl_->where, excerpt(impl_->pattern), text.size(), describe(at));
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
