// NaN and infinity in a run: the error that stops a unit, and the search for the operation that made the
// first of them. Nothing is searched until a number that is checked anyway is not finite.
#pragma once

#include <optional>
#include <string>

#include "tugline/core/error.h"
#include "tugline/model/layer.h"
#include "tugline/probe/baseline.h"

namespace tugline {

// A number of the unit under way is not finite. Other units may be measured.
class NotFinite : public Error {
 public:
  explicit NotFinite(const std::string& message) : Error(ErrorCode::kInput, message) {}
};

// "layer 7, mlp (down projection)": what the step is called in messages.
[[nodiscard]] std::string step_text(LayerIndex layer, const LayerProgram& program, size_t step);

// If the responses are not finite, and no step's result is.
inline constexpr const char* kResponsesNotFinite =
    "head and divergence: the logits' changes leave the range of numbers";

// The row of the first number that is not finite; no value if all are finite.
[[nodiscard]] std::optional<int64_t> first_bad_row(Backend& backend, const ConstMatrix& rows);

// Runs the transcript up to token `tokens` once more, step by step. Returns where the first number that is
// not finite appears: "layer 7, mlp (down projection): the result at token 12 is not finite, without a push".
[[nodiscard]] std::string where_base_is_not_finite(const Model& model, const Baseline& baseline,
                                                   int64_t tokens);

}  // namespace tugline
