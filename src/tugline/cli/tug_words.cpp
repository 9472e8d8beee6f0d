#include "tugline/cli/tug_words.h"

#include <fmt/format.h>

#include "tugline/core/plural.h"
#include "tugline/probe/sweep.h"

namespace tugline {
namespace {

std::string name_of_token(const TugResult& result, int32_t token) {
  const std::string text = bytes_of_token(result, token);
  return text.empty() ? fmt::format("<{}>", token) : visible(text);
}

std::string directions_text(const TugResult& result) {
  const PushOptions& pushes = result.pushes;
  std::string text;
  if (!pushes.supplied.empty()) {
    text = fmt::format("{} of {}", counted(pushes.directions, "direction"), result.direction_file);
    if (pushes.null_directions > 0)
      text += fmt::format(" beside {}, seed {}", counted(pushes.null_directions, "random one"), pushes.seed);
  } else if (pushes.kind == PushKind::kInterpolation) {
    text = fmt::format("{}, seed {}", counted(pushes.directions, "other residual"), pushes.seed);
  } else {
    const std::string family =
        pushes.family == DirectionFamily::kIsotropic ? "random" : std::string(name_of(pushes.family));
    text = fmt::format("{}, seed {}", counted(pushes.directions, family + " direction"), pushes.seed);
  }
  if (pushes.orthogonal == Orthogonal::kToResidual) text += ", orthogonal to the residual";
  if (pushes.orthogonal == Orthogonal::kToSubspace) text += ", orthogonal to the vectors given";
  return text;
}

void add_list(const TugResult& result, const char* before, const std::vector<MovedToken>& list,
              std::string& text) {
  for (const MovedToken& moved : list)
    text += fmt::format("{}{:.2e} '{}'", before, moved.change, name_of_token(result, moved.token));
}

}  // namespace

std::string shown(const TugText& text, int64_t token) {
  const auto at = static_cast<size_t>(token);
  return text.pieces[at].empty() ? fmt::format("<{}>", text.ids[at]) : visible(text.pieces[at]);
}

std::string kl_text(double kl) { return kl == 0 ? "0" : fmt::format("{:.3e}", kl); }

std::string estimate_text(const MeanEstimate& kl) {
  if (kl.mean == 0 && kl.standard_error.value_or(0) == 0) return "0";
  return fmt::format("{} ± {}", kl_text(kl.mean),
                     kl.standard_error ? fmt::format("{:.1e}", *kl.standard_error) : "n/a");
}

std::string settings_text(const TugResult& result) {
  std::string text;
  if (result.point != SitePoint()) {
    const std::string head =
        result.point.hook == Hook::kZ ? fmt::format(" of head {}", result.point.head) : "";
    text += fmt::format("hook {}{}, ", name_of(result.point.hook), head);
  }
  if (result.pushes.kind != PushKind::kAdditive)
    text += fmt::format("push {}, ", name_of(result.pushes.kind));
  text += fmt::format("readout {}, {}, {}, vocabulary {}, temperature {}\n", readout_name(result.readout),
                      directions_text(result), precision_label(name_of(result.precision)),
                      vocabulary_text(result.vocabulary), result.temperature);
  if (const auto& answers = result.asked.answers)
    text += fmt::format("answers '{}' (id:{}) less '{}' (id:{})\n", name_of_token(result, answers->first),
                        answers->first, name_of_token(result, answers->second), answers->second);
  return text;
}

std::string moved_text(const TugResult& result, const UnitMeasurement& unit, size_t row, double epsilon) {
  const ResponseRecord* most = nullptr;
  for (const ResponseRecord& response : unit.responses)
    if (response.epsilon == epsilon && (most == nullptr || response.rows[kKl][row] > most->rows[kKl][row]))
      most = &response;
  const int64_t token = token_of_row(result.readout, unit.rows[row]);
  std::string text =
      fmt::format("{:>9}  '{}', direction {}:", token, shown(result.text, token), most->direction);
  add_list(result, " +", moved_in_row(*most, measure_named("rose"), row, unit.rows.size()), text);
  add_list(result, " ", moved_in_row(*most, measure_named("fell"), row, unit.rows.size()), text);
  return text + "\n";
}

}  // namespace tugline
