// Records with no more than a test is about.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "tugline/store/records.h"

namespace tugline {

// A response of which only the KL is known.
inline ResponseRecord kl_response(int32_t direction, double epsilon, double kl) {
  ResponseRecord response{.direction = direction, .epsilon = epsilon};
  response.means[kKl] = kl;
  return response;
}

// A unit without text, sink or audit.
inline UnitRecord bare_unit(UnitKey key, UnitMeasurement measured = {}, TokenRange span = {}) {
  return {.key = std::move(key),
          .span = span,
          .span_text = "",
          .sink = false,
          .measured = std::move(measured),
          .audit = {}};
}

// In place of one value a row: a measure by its name.
inline std::vector<double>& rows_of(ResponseRecord& response, std::string_view measure) {
  for (size_t m = 0; m < kMeasures.size(); ++m)
    if (kMeasures[m].name == measure) return response.rows[m];
  throw std::logic_error(std::string(measure));
}

}  // namespace tugline
