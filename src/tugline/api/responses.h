// The columns of tugline::Responses, made from units.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "tugline/responses.h"
#include "tugline/store/records.h"

namespace tugline {

using NamedColumns = std::map<std::string, std::vector<double>, std::less<>>;

struct Responses::Columns {
  std::vector<UnitRecord> units =
      {};  // one a layer, ascending; each has directions x epsilons responses over the same rows
  std::vector<double> epsilons = {};
  int64_t directions = 0;
  int64_t null_directions = 0;
  std::map<std::string, std::string> provenance = {};

  std::vector<PushedLayer> layers = {};
  std::vector<std::string> measures = {};
  std::vector<std::string> push_measures = {};
  NamedColumns values = {};  // [layers, directions, epsilons, rows]
  NamedColumns means = {};   // [layers, directions, epsilons]
};

// Fills in the last five from the others. `units` is not empty.
[[nodiscard]] Responses responses_of(Responses::Columns columns);

}  // namespace tugline
