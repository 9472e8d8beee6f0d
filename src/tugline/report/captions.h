// The words of figures: headings, the short caption below, and the full description that goes into the file's
// metadata.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "tugline/report/run_view.h"
#include "tugline/report/sheet.h"
#include "tugline/stats/response_measure.h"

namespace tugline {

// Title, subtitle (the model's name, the data's and `subject`).
void set_headings(Sheet& sheet, const RunView& view, const std::string& title, const std::string& subject);

// What the caption and the description say. `spans`: the spans that the figure is about; `drawn`: sentences
// about what is drawn.
struct Words {
  std::string spans = {};
  std::string drawn = {};
};
// Sets the short caption: spans, pushes, how they are read, what is drawn, and whatever a reader must be
// warned of. The description has all facts that a reader needs to judge or repeat the figure.
void set_captions(Sheet& sheet, const RunView& view, const Words& words);

// "UNFINISHED ...", "PARTIAL: ...", audits beyond a bound, notes. Each sentence begins with a space.
[[nodiscard]] std::string warnings_text(const RunView& view);

// Every fact of the run that a reader needs, about `spans`; the second leaves out those about one run's
// pushes.
[[nodiscard]] std::string provenance_text(const RunView& view, const std::string& spans);
[[nodiscard]] std::string shared_provenance_text(const RunView& view, const std::string& spans);
// "8 isotropic directions; readout: predicting; hook: resid_post"
[[nodiscard]] std::string pushes_text(const RunView& view);

// "3 anchor spans of 3 examples (1 skipped)"
[[nodiscard]] std::string spans_text(const RunView& view, const CurvePoint& point);

// "KL(pushed ‖ base), nats"
[[nodiscard]] std::string axis_name(const ResponseMeasure& measure);
// "push size ε (in RMS of the residual)", or the fraction of an interpolation.
[[nodiscard]] std::string epsilon_name(const RunView& view);
// "anchor", "matched control", "window control", "control 8 tokens before"
[[nodiscard]] std::string name_of_kind(const std::string& span_kind);

}  // namespace tugline
