#include "tugline/cli/sentence_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "tugline/api/tug.h"
#include "tugline/cli/tug_words.h"
#include "tugline/core/plural.h"
#include "tugline/stats/largest_epsilon.h"
#include "tugline/text/utf8.h"

namespace tugline {
namespace {

double mean_kl(const UnitMeasurement& unit, double epsilon) {
  const std::vector<double> rows = row_means(unit, epsilon);
  return std::accumulate(rows.begin(), rows.end(), 0.0) / static_cast<double>(rows.size());
}

// At most so many characters of a text on one line; "..." replaces what is cut off.
std::string shortened(const std::string& text, size_t most) {
  const std::string line = visible(text);
  size_t at = 0;
  size_t kept = 0;
  for (size_t count = 0; at < line.size(); ++count) {
    if (count == most) return line.substr(0, kept) + "...";
    at += utf8_char_at(line, at).bytes;
    if (count + 3 < most) kept = at;
  }
  return line;
}

class SentencesPage {
 public:
  SentencesPage(const TugResult& result, Colour colour, size_t columns)
      : result_(result),
        colour_(colour),
        columns_(columns),
        epsilon_(largest_epsilon(result.pushes.epsilons)),
        scale_(largest()) {}

  std::string text() {
    add_header();
    std::vector<const TugSpan*> ranked;
    for (const TugSpan& span : result_.spans) ranked.push_back(&span);
    std::stable_sort(ranked.begin(), ranked.end(),
                     [](const TugSpan* a, const TugSpan* b) { return a->response > b->response; });
    add_headings();
    for (size_t i = 0; i < ranked.size(); ++i) add_sentence(i + 1, *ranked[i]);
    if (colour_ == Colour::kYes) add_coloured_text();
    return std::move(page_);
  }

 private:
  [[nodiscard]] double largest() const {
    double found = 0;
    for (const TugSpan& span : result_.spans) found = std::max(found, span.response);
    return found;
  }

  void add_header() {
    const std::string data =
        result_.data.empty() ? "" : fmt::format("{}, example {}, ", result_.data, result_.example);
    const std::string place = result_.at == PushAt::kBefore ? "the token before it"
                              : result_.at == PushAt::kEvery
                                  ? "each of its tokens"
                                  : fmt::format("its {} token", name_of(result_.at));
    page_ += fmt::format("{}: {}{}, {}, each pushed at {}\n", result_.model, data,
                         counted(std::ssize(result_.text.ids), "token"),
                         counted(std::ssize(result_.spans), "sentence"), place);
    page_ += settings_text(result_);
    page_ += fmt::format(
        "sentences by KL in nats at epsilon {}, mean over directions and over the rows that are read{}\n\n",
        epsilon_, result_.spans.front().layers.size() > 1 ? "; ranked by the mean over layers" : "");
  }

  void add_headings() {
    std::string line = fmt::format("{:>4} {:>8} {:>11} {:>5}", "rank", "sentence", "span", "rows");
    for (const TugLayer& layer : result_.spans.front().layers)
      line += fmt::format(" {:>10}", fmt::format("layer {}", layer.layer.value));
    page_ += line + "  text\n";
  }

  void add_sentence(size_t rank, const TugSpan& span) {
    std::string line = fmt::format("{:>4} {:>8} {:>11} {:>5}", rank, span.sentence,
                                   fmt::format("{}:{}", span.tokens.begin, span.tokens.end),
                                   span.layers.front().measured.rows.size());
    for (const TugLayer& layer : span.layers)
      line += fmt::format(" {:>10}", kl_text(mean_kl(layer.measured, epsilon_)));
    constexpr size_t kLeast = 20;
    constexpr size_t kMost = 200;
    const size_t room = columns_ > line.size() + 2 ? columns_ - line.size() - 2 : 0;
    const std::string words = shortened(span.text, columns_ == 0 ? kMost : std::max(kLeast, room));
    page_ += fmt::format("{}  {}\n", line, scale_if_coloured(words, span.response));
    if (result_.asked.moved > 0) add_moved(span);
  }

  [[nodiscard]] std::string scale_if_coloured(const std::string& words, double response) const {
    return colour_ == Colour::kYes ? scale_.paint(words, response) : words;
  }

  // At each layer of the row whose KL is the largest.
  void add_moved(const TugSpan& span) {
    for (const TugLayer& layer : span.layers) {
      const std::vector<double> rows = row_means(layer.measured, epsilon_);
      const auto most = std::max_element(rows.begin(), rows.end()) - rows.begin();
      page_ += fmt::format("{:>11} {}:{}", "layer", layer.layer.value,
                           moved_text(result_, layer.measured, static_cast<size_t>(most), epsilon_));
    }
  }

  void add_coloured_text() {
    page_ += fmt::format("\n{}\n", scale_.legend());
    int64_t token = 0;
    for (const TugSpan& span : result_.spans) {
      for (; token < span.tokens.begin; ++token) page_ += shown(result_.text, token);
      for (; token < span.tokens.end; ++token)
        page_ += scale_.paint(shown(result_.text, token), span.response);
    }
    for (; token < std::ssize(result_.text.ids); ++token) page_ += shown(result_.text, token);
    page_ += '\n';
  }

  const TugResult& result_;
  Colour colour_;
  size_t columns_;
  double epsilon_;
  HeatScale scale_;
  std::string page_;
};

}  // namespace

std::string sentences_text(const TugResult& result, Colour colour, size_t columns) {
  return SentencesPage(result, colour, columns).text();
}

}  // namespace tugline
