// Curves of any measure, read from a run's store.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "tugline/report/run_view.h"
#include "tugline/stats/curves.h"
#include "tugline/stats/response_measure.h"
#include "tugline/store/run_store.h"

namespace tugline {

// `responses` as CurveBuilder and its like read them: with the measure's value in the place of KL's. `rows`:
// how many readout rows the unit has. Pushes without a value are left out.
[[nodiscard]] std::vector<ResponseRecord> with_measure(std::vector<ResponseRecord> responses, size_t rows,
                                                       const ResponseMeasure& measure);

// The curve points of all units, as CurveBuilder sorts them; their `kl` is the measure's mean. Errors
// (kUsage, setting "measure"): the run has no value of it; the message lists those it has.
[[nodiscard]] std::vector<CurvePoint> measured_curves(const RunStore& store, const RunView& view,
                                                      const ResponseMeasure& measure);

// The same for each example by itself.
[[nodiscard]] std::map<int64_t, std::vector<CurvePoint>> curves_by_example(const RunStore& store,
                                                                           const ResponseMeasure& measure);

// The same for each direction by itself, if directions are the same at every span, as supplied vectors are.
// Random directions beside vectors are left out.
[[nodiscard]] std::map<int32_t, std::vector<CurvePoint>> curves_by_direction(const RunStore& store,
                                                                             const ResponseMeasure& measure);

// The span kinds to draw: those of the list `wanted`, separated by commas, "all", or, if it is empty, the
// run's only kind, else "anchor". A sweep's words "anchors" and "chunks" are taken too. Errors: kUsage if the
// run has no such spans; kNothingToMeasure if it has no curve.
[[nodiscard]] std::vector<std::string> span_kinds_to_draw(const RunView& view, const std::string& wanted);

}  // namespace tugline
