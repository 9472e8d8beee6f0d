// What pushes at one span did to the next-token distributions, as columns: for each measure one array over layers, directions,
// epsilons and the rows that are read.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tugline/error.h"

namespace tugline {

// One pushed layer.
struct PushedLayer {
  int64_t layer = 0;
  int64_t position = 0;   // of the push among the transcript's tokens
  double rms = 0;         // of the residual there: what epsilons are in units of
  bool is_sink = false;   // the push lands on a token whose residual is far larger than the others'
  std::string note = {};  // such as why the responses are exact zeros; empty mostly
  double seconds = 0;
  int64_t audited = 0;                            // pushes that were also rerun in f64
  std::optional<double> audit_disagreement = {};  // their largest |kl - kl_f64| / kl_f64
};

// A value: copies share what they hold. Thread-safe.
class TUGLINE_API Responses {
 public:
  [[nodiscard]] const std::vector<PushedLayer>& layers() const;  // ascending
  [[nodiscard]] const std::vector<double>& epsilons() const;     // as given
  [[nodiscard]] int64_t directions() const;                      // the null's included, which come last
  [[nodiscard]] int64_t null_directions() const;
  [[nodiscard]] const std::vector<int64_t>& rows() const;  // positions that are read
  [[nodiscard]] const std::vector<int32_t>& tokens()
      const;  // the token that comes next at each of rows; -1 if none does

  // Names of the measures (docs/formats.md): "kl" first.
  [[nodiscard]] const std::vector<std::string>& measures() const;
  // [layers, directions, epsilons, rows]. NaN where a row has no such value. Errors (kUsage): a name that is none of measures().
  [[nodiscard]] std::span<const double> values(std::string_view measure) const;
  // The same measures, and those that only a push has as a whole ("kl_own_row", "kl_after", "cosine"), of each push: means over rows.
  [[nodiscard]] const std::vector<std::string>& push_measures() const;
  // [layers, directions, epsilons]. NaN where there is none. Errors: as values.
  [[nodiscard]] std::span<const double> means(std::string_view measure) const;

  // What decides the numbers, and what is worth knowing besides, by name: precision, model, seed, readout ...
  [[nodiscard]] const std::map<std::string, std::string>& provenance() const;

  struct Columns;  // of the library's own
  explicit Responses(std::shared_ptr<const Columns> columns) : columns_(std::move(columns)) {}
  [[nodiscard]] const Columns& columns() const { return *columns_; }

 private:
  std::shared_ptr<const Columns> columns_;
};

}  // namespace tugline
