#include "tugline/cli/tug_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "tugline/api/tug.h"
#include "tugline/cli/tug_words.h"
#include "tugline/core/plural.h"
#include "tugline/stats/largest_epsilon.h"
#include "tugline/store/audit_bounds.h"

namespace tugline {
namespace {

// A column of the table of epsilons.
struct TableColumn {
  std::string heading;
  size_t measure;
  DirectionSet set;
};

class TugPage {
 public:
  TugPage(const TugResult& result, Colour colour, TokenNumbers numbers)
      : result_(result),
        span_(result.spans.front()),
        colour_(colour),
        lists_tokens_(colour == Colour::kNo || numbers == TokenNumbers::kAlways),
        epsilon_(largest_epsilon(result.pushes.epsilons)),
        scale_(largest()) {
    columns_.push_back({"KL", kKl, DirectionSet::kMain});
    if (result.pushes.null_directions > 0)
      columns_.push_back({"KL of the random ones", kKl, DirectionSet::kNull});
    if (result.asked.answers)
      columns_.push_back(
          {"change of the answers' difference", measure_named("answer_change"), DirectionSet::kMain});
  }

  std::string text() {
    add_header();
    for (const TugLayer& layer : span_.layers) add_layer(layer);
    return std::move(page_);
  }

 private:
  // One scale for all layers, so that they can be compared.
  [[nodiscard]] double largest() const {
    double found = 0;
    for (const TugLayer& layer : span_.layers)
      for (const double kl : row_means(layer.measured, epsilon_)) found = std::max(found, kl);
    return found;
  }

  void add_header() {
    const int64_t pushed = span_.layers.front().measured.position;
    const std::string place = result_.at == PushAt::kEvery
                                  ? fmt::format("each token of the span")
                                  : fmt::format("token {} '{}'", pushed, shown(result_.text, pushed));
    const std::string data =
        result_.data.empty() ? "" : fmt::format("{}, example {}, ", result_.data, result_.example);
    page_ += fmt::format("{}: {}{}, span {}:{}, pushed at {}\n", result_.model, data,
                         counted(std::ssize(result_.text.ids), "token"), span_.tokens.begin, span_.tokens.end,
                         place);
    page_ += settings_text(result_);
    page_ += fmt::format("tokens by KL in nats at epsilon {}, mean over directions", epsilon_);
    page_ += colour_ == Colour::kYes && scale_.level(largest()) > 0 ? fmt::format(": {}\n", scale_.legend())
                                                                    : "\n";
  }

  void add_layer(const TugLayer& layer) {
    const UnitMeasurement& unit = layer.measured;
    page_ += fmt::format("\nlayer {}: rms {:.4g}, {:.3g} s\n", layer.layer.value, unit.rms, unit.seconds);
    if (!unit.note.empty()) page_ += unit.note + "\n";
    if (layer.audit.pushes > 0)
      page_ +=
          fmt::format("audit: {} rerun in f64, largest disagreements {}\n",
                      counted(layer.audit.pushes, "push"), disagreements_text(layer.audit.disagreements));
    if (colour_ == Colour::kYes) add_coloured_tokens(unit);
    if (lists_tokens_) add_listed_tokens(unit);
    if (result_.asked.moved > 0) add_moved_tokens(unit);
    add_table(unit);
  }

  void add_moved_tokens(const UnitMeasurement& unit) {
    page_ += fmt::format("tokens that rose and fell most at epsilon {}, in the direction of the largest KL\n",
                         epsilon_);
    for (size_t row = 0; row < unit.rows.size(); ++row) page_ += moved_text(result_, unit, row, epsilon_);
  }

  void add_coloured_tokens(const UnitMeasurement& unit) {
    const std::vector<double> means = row_means(unit, epsilon_);
    for (size_t i = 0; i < means.size(); ++i)
      page_ += scale_.paint(shown(result_.text, token_of_row(result_.readout, unit.rows[i])), means[i]);
    page_ += '\n';
  }

  void add_listed_tokens(const UnitMeasurement& unit) {
    const std::vector<double> means = row_means(unit, epsilon_);
    for (size_t i = 0; i < means.size(); ++i) {
      const int64_t token = token_of_row(result_.readout, unit.rows[i]);
      page_ += fmt::format("{:>9}  {:>9}  '{}'\n", token, kl_text(means[i]), shown(result_.text, token));
    }
  }

  // One push's size as a part of the residual's norm; an interpolation's epsilon is no size.
  [[nodiscard]] bool has_relative() const { return result_.pushes.kind != PushKind::kInterpolation; }

  void add_table(const UnitMeasurement& unit) {
    std::string heading = fmt::format("{:>9}", "epsilon");
    if (has_relative()) heading += fmt::format("{:>10}", "relative");
    heading += "  ";
    for (const TableColumn& column : columns_) heading += fmt::format("{:<23}", column.heading);
    page_ += heading.substr(0, heading.find_last_not_of(' ') + 1) + "\n";
    for (const double epsilon : result_.pushes.epsilons) {
      std::string line = fmt::format("{:>9g}", epsilon);
      if (has_relative())
        line += fmt::format("{:>9.2f}%", 100 * epsilon / std::sqrt(static_cast<double>(result_.width)));
      line += "  ";
      for (const TableColumn& column : columns_)
        line += fmt::format("{:<23}", estimate_text(mean_of(unit, column, epsilon)));
      page_ += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
    }
  }

  [[nodiscard]] static MeanEstimate mean_of(const UnitMeasurement& unit, const TableColumn& column,
                                            double epsilon) {
    std::vector<double> means;
    for (const ResponseRecord& response : unit.responses)
      if (response.epsilon == epsilon && response.set == column.set)
        means.push_back(response.means[column.measure].value_or(0));
    return mean_of_independent(means);
  }

  const TugResult& result_;
  const TugSpan& span_;
  Colour colour_;
  bool lists_tokens_;
  double epsilon_;
  HeatScale scale_;
  std::vector<TableColumn> columns_;
  std::string page_;
};

}  // namespace

std::string tug_text(const TugResult& result, Colour colour, TokenNumbers numbers) {
  return TugPage(result, colour, numbers).text();
}

}  // namespace tugline
