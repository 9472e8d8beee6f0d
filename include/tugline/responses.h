// The responses of the next-token distributions to pushes at one span, as columns: for each measure one array
// over layers, directions, epsilons and the rows that are read.
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
  double rms = 0;         // of the residual there, the unit of epsilon
  bool is_sink = false;   // the push lands on a token whose residual is far larger than the others'
  std::string note = {};  // such as why the responses are exact zeros; empty mostly
  double seconds = 0;
  int64_t audited = 0;                                     // pushes that were also rerun in f64
  std::optional<double> audit_disagreement = {};           // their largest |kl - kl_f64| / kl_f64
  std::map<std::string, double> audit_disagreements = {};  // the largest of each response
};

// A value: copies share what they hold. Thread-safe.
class TUGLINE_API Responses {
 public:
  [[nodiscard]] const std::vector<PushedLayer>& layers() const;  // ascending
  [[nodiscard]] const std::vector<double>& epsilons() const;     // as given
  [[nodiscard]] int64_t directions() const;                      // with the null directions, which come last
  [[nodiscard]] int64_t null_directions() const;
  [[nodiscard]] const std::vector<int64_t>& rows() const;  // positions that are read
  [[nodiscard]] const std::vector<int32_t>& tokens()
      const;  // the token that comes next at each of rows; -1 if none does

  // Names of the measures (docs/formats.md): "kl" first.
  [[nodiscard]] const std::vector<std::string>& measures() const;
  // [layers, directions, epsilons, rows]. NaN if a row has no such value. Errors (kUsage): a name that is not
  // in measures().
  [[nodiscard]] std::span<const double> values(std::string_view measure) const;
  // For each push, the means of the same measures over rows, and the measures of the whole push
  // ("kl_own_row", "kl_after", "cosine").
  [[nodiscard]] const std::vector<std::string>& push_measures() const;
  // [layers, directions, epsilons]. NaN if there is no value. Errors: those of values.
  [[nodiscard]] std::span<const double> means(std::string_view measure) const;

  // The settings that decide the numbers, and other facts, by name: precision, model, seed, readout ...
  [[nodiscard]] const std::map<std::string, std::string>& provenance() const;

  struct Columns;  // of the library's own
  explicit Responses(std::shared_ptr<const Columns> columns) : columns_(std::move(columns)) {}
  [[nodiscard]] const Columns& columns() const { return *columns_; }

 private:
  std::shared_ptr<const Columns> columns_;
};

}  // namespace tugline
