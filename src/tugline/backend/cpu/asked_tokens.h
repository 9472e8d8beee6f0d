// Computes the optional measures of tokens: those that moved most, and the difference of two answers' logits.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "tugline/backend/cpu/cpu_divergence.h"

namespace tugline::cpu {

// w_first - w_second, W_U's rows of the two answers. [hidden]
[[nodiscard]] std::vector<double> answer_direction(const CpuHead& head, const AnswerPair& answers);
// Sets each row's answer_change: the direction times dx, so that nothing of the logits' own size is
// subtracted.
void set_answer_changes(const CpuReadout& base, const ConstMatrix& dx, std::span<RowResponse> out);

// log p_t - log q_t = scale delta_t - shift - log_z.
struct RowChange {
  float shift = 0;
  double log_z = 0;
};
// Sets rose and fell of the rows that have a change here, by one more walk over the whole vocabulary: a
// probability needs the row's whole sum. operand: differences as the products take them.
void set_moved_tokens(const CpuHead& head, const CpuReadout& base, const ConstMatrix& operand,
                      std::span<const std::optional<RowChange>> changes, std::span<RowResponse> out);

}  // namespace tugline::cpu
