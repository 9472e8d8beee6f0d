// Line editing by libedit, through its own interface.
#include <histedit.h>
#include <langinfo.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <clocale>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <system_error>

#include "tugline/cli/interrupt.h"
#include "tugline/cli/line_source.h"
#include "tugline/cli/words.h"
#include "tugline/core/error.h"

namespace tugline {
namespace {

constexpr int kMostHistory = 1000;

// libedit reads characters by the locale; C has only ASCII.
void use_utf8() {
  std::setlocale(LC_CTYPE, "");
  if (std::strcmp(nl_langinfo(CODESET), "UTF-8") != 0) std::setlocale(LC_CTYPE, "C.UTF-8");
}

// Files whose names begin with `word`; folders end in a slash. Hidden ones only if the word names them.
std::vector<Candidate> files_for(const std::string& word) {
  namespace fs = std::filesystem;
  const size_t slash = word.rfind('/');
  const std::string folder = slash == std::string::npos ? "" : word.substr(0, slash + 1);
  const std::string begun = word.substr(folder.size());
  std::vector<Candidate> files;
  std::error_code error;
  for (fs::directory_iterator at(folder.empty() ? "." : folder, error), end; !error && at != end;
       at.increment(error)) {
    const std::string name = at->path().filename().string();
    if (!name.starts_with(begun) || (name.starts_with('.') && !begun.starts_with('.'))) continue;
    std::error_code ignored;
    files.push_back({folder + name + (at->is_directory(ignored) ? "/" : ""), ""});
  }
  return files;
}

std::string common_beginning(const std::vector<Candidate>& candidates) {
  std::string common = candidates.front().text;
  for (const Candidate& candidate : candidates) {
    const auto [end, other] =
        std::mismatch(common.begin(), common.end(), candidate.text.begin(), candidate.text.end());
    common.erase(end, common.end());
  }
  return common;
}

class EditedLines final : public LineSource {
 public:
  EditedLines(const std::vector<std::string>& earlier, Completer completer)
      : completer_(std::move(completer)) {
    use_utf8();
    tcgetattr(STDIN_FILENO, &terminal_);
    editor_ = el_init("tugline", stdin, stdout, stderr);
    history_ = history_init();
    if (editor_ == nullptr || history_ == nullptr)
      fail(ErrorCode::kIo, "the terminal cannot be used for editing lines");
    set_up();
    HistEvent event{};
    history(history_, &event, H_SETSIZE, kMostHistory);
    history(history_, &event, H_SETUNIQUE, 1);
    for (const std::string& line : earlier) history(history_, &event, H_ENTER, line.c_str());
    // A signal may end the process while the terminal is set up for editing.
    before_signal_ends_process([terminal = terminal_] { tcsetattr(STDIN_FILENO, TCSANOW, &terminal); });
  }
  ~EditedLines() override {
    before_signal_ends_process({});
    if (history_ != nullptr) history_end(history_);
    if (editor_ != nullptr) el_end(editor_);
  }
  EditedLines(const EditedLines&) = delete;
  EditedLines& operator=(const EditedLines&) = delete;

  std::optional<std::string> next(const std::string& prompt) override {
    prompt_ = prompt;
    is_abandoned_ = false;
    el_resize(editor_);
    // The terminal gives single characters before the prompt is shown: what is typed at the prompt, Ctrl-C
    // included, is edited.
    el_set(editor_, EL_PREP_TERM, 1);
    int count = 0;
    const char* text = el_gets(editor_, &count);
    if (text == nullptr || count <= 0) {
      if (count < 0 && errno != 0)
        fail(ErrorCode::kIo, "standard input: {}", std::generic_category().message(errno));
      std::fputc('\n', stdout);
      std::fflush(stdout);
      return std::nullopt;
    }
    std::string line(text, static_cast<size_t>(count));
    while (!line.empty() && (line.back() == '\n' || line.back() == '\r')) line.pop_back();
    return line;
  }

  void remember(const std::string& line) override {
    HistEvent event{};
    history(history_, &event, H_ENTER, line.c_str());
  }

  [[nodiscard]] bool is_abandoned() const override { return is_abandoned_; }

 private:
  void set_up() {
    el_set(editor_, EL_CLIENTDATA, this);
    el_set(editor_, EL_PROMPT, &EditedLines::prompt_of);
    el_set(editor_, EL_EDITOR, "emacs");
    el_set(editor_, EL_SIGNAL, 0);
    el_set(editor_, EL_HIST, history, history_);
    el_set(editor_, EL_ADDFN, "tugline-complete", "Complete the word", &EditedLines::complete);
    el_set(editor_, EL_ADDFN, "tugline-abandon", "Give up the line", &EditedLines::abandon);
    el_set(editor_, EL_BIND, "^I", "tugline-complete", nullptr);
    el_set(editor_, EL_BIND, "^R", "em-inc-search-prev", nullptr);
    // A Ctrl-D that is typed while no line is edited arrives as the character 0.
    el_set(editor_, EL_BIND, "^@", "em-delete-or-list", nullptr);
    el_source(editor_, nullptr);  // ~/.editrc
    // While a line is edited, Ctrl-C is a character and no signal.
    el_set(editor_, EL_SETTY, "-d", "-isig", nullptr);
    el_set(editor_, EL_BIND, "^C", "tugline-abandon", nullptr);
  }

  static EditedLines& of(EditLine* editor) {
    void* self = nullptr;
    el_get(editor, EL_CLIENTDATA, &self);
    return *static_cast<EditedLines*>(self);
  }

  static char* prompt_of(EditLine* editor) { return of(editor).prompt_.data(); }

  static unsigned char abandon(EditLine* editor, int /*key*/) {
    of(editor).is_abandoned_ = true;
    std::fputs("^C\r\n", stdout);
    std::fflush(stdout);
    el_insertstr(editor, "\n");
    return CC_NEWLINE;
  }

  static unsigned char complete(EditLine* editor, int /*key*/) {
    const LineInfo* const line = el_line(editor);
    return of(editor).complete_after(std::string(line->buffer, line->cursor));
  }

  unsigned char complete_after(const std::string& line) {
    const Words split = split_words(line);
    std::vector<std::string> words = split.words;
    if (split.last_begin == line.size()) words.emplace_back();
    if (words.empty()) return CC_REFRESH_BEEP;  // in a comment
    const Completion found = completer_(words);
    std::vector<Candidate> candidates = found.candidates;
    if (found.files) {
      const std::string file = words.back().substr(std::min(found.before_file.size(), words.back().size()));
      for (Candidate& name : files_for(file)) candidates.push_back({found.before_file + name.text, ""});
    }
    if (candidates.empty()) return CC_REFRESH_BEEP;
    std::string more = common_beginning(candidates)
                           .substr(std::min(words.back().size(), common_beginning(candidates).size()));
    const bool is_whole = candidates.size() == 1 && !candidates.front().text.ends_with('/') &&
                          !candidates.front().text.ends_with('=') && !candidates.front().text.ends_with(':');
    if (is_whole) more += ' ';
    if (more.empty()) return list(candidates);
    for (size_t at = 0; at < more.size(); ++at)
      if (more[at] == '\'' || more[at] == '"' || more[at] == '\\' ||
          (more[at] == ' ' && !(is_whole && at + 1 == more.size())))
        more.insert(at++, "\\");
    return el_insertstr(editor_, more.c_str()) == 0 ? CC_REFRESH : CC_ERROR;
  }

  // Below the line that is being written, which is then shown again.
  unsigned char list(const std::vector<Candidate>& candidates) {
    std::fputc('\n', stdout);
    for (const Candidate& candidate : candidates) {
      const std::string description = candidate.description.substr(0, candidate.description.find('\n'));
      std::fprintf(stdout, "  %-24s%s\n", candidate.text.c_str(), description.substr(0, 50).c_str());
    }
    std::fflush(stdout);
    return CC_REDISPLAY;
  }

  Completer completer_;
  EditLine* editor_ = nullptr;
  History* history_ = nullptr;
  termios terminal_{};
  std::string prompt_;
  bool is_abandoned_ = false;
};

}  // namespace

std::unique_ptr<LineSource> edited_lines(const std::vector<std::string>& earlier, Completer completer) {
  return std::make_unique<EditedLines>(earlier, std::move(completer));
}

}  // namespace tugline
