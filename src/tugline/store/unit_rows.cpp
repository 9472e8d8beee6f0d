#include "tugline/store/unit_rows.h"

#include <bit>
#include <cmath>
#include <cstring>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>

#include "tugline/core/error.h"
#include "tugline/store/checksums.h"

namespace tugline {
namespace {

template <typename T>
using BitsOf =
    std::conditional_t<sizeof(T) == 8, uint64_t, std::conditional_t<sizeof(T) == 4, uint32_t, uint8_t>>;

// Little-endian, whatever the machine is.
template <typename T>
std::string to_blob(const std::vector<T>& values) {
  std::string blob;
  blob.reserve(values.size() * sizeof(T));
  for (const T value : values) {
    const uint64_t bits = std::bit_cast<BitsOf<T>>(value);
    for (size_t byte = 0; byte < sizeof(T); ++byte) {
      blob.push_back(static_cast<char>((bits >> (8 * byte)) & 0xff));
    }
  }
  return blob;
}

template <typename T>
std::vector<T> from_blob(const void* data, size_t size) {
  const auto* bytes = static_cast<const unsigned char*>(data);
  std::vector<T> values(size / sizeof(T));
  for (size_t i = 0; i < values.size(); ++i) {
    uint64_t bits = 0;
    for (size_t byte = 0; byte < sizeof(T); ++byte) {
      bits |= static_cast<uint64_t>(bytes[i * sizeof(T) + byte]) << (8 * byte);
    }
    values[i] = std::bit_cast<T>(static_cast<BitsOf<T>>(bits));
  }
  return values;
}

template <typename T>
void bind_values(SQLite::Statement& statement, int index, const std::vector<T>& values) {
  const std::string blob = to_blob(values);
  statement.bind(index, blob.data(), static_cast<int>(blob.size()));
}

void bind_optional(SQLite::Statement& statement, int index, const std::optional<double>& value) {
  if (value) {
    statement.bind(index, *value);
  } else {
    statement.bind(index);  // NULL
  }
}

std::optional<double> optional_double(const SQLite::Column& column) {
  if (column.isNull()) {
    return std::nullopt;
  }
  return column.getDouble();
}

void insert_unit_row(SQLite::Database& database, int64_t session, const UnitRecord& unit) {
  SQLite::Statement insert(
      database,
      "INSERT INTO units (session, example, span_kind, chunk, layer, span_begin, span_end, "
      "span_text, position, rms, note, seconds, audited, audit_disagreement, sink, responses_checksum, "
      "checksum) "
      "VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,0,0)");
  insert.bind(1, session);
  insert.bind(2, unit.key.example);
  insert.bind(3, unit.key.span_kind);
  insert.bind(4, unit.key.chunk);
  insert.bind(5, unit.key.layer);
  insert.bind(6, unit.span.begin);
  insert.bind(7, unit.span.end);
  insert.bind(8, unit.span_text);
  insert.bind(9, unit.position);
  insert.bind(10, unit.rms);
  insert.bind(11, unit.note);
  insert.bind(12, unit.seconds);
  insert.bind(13, unit.audited);
  bind_optional(insert, 14, unit.audit_disagreement);
  insert.bind(15, unit.sink ? 1 : 0);
  insert.exec();
}

void insert_readout(SQLite::Database& database, int64_t id, const UnitRecord& unit) {
  SQLite::Statement insert(database,
                           "INSERT INTO readout_rows (unit, ordinal, position, token) VALUES (?, ?, ?, ?)");
  for (size_t i = 0; i < unit.rows.size(); ++i) {
    insert.bind(1, id);
    insert.bind(2, static_cast<int64_t>(i));
    insert.bind(3, unit.rows[i]);
    insert.bind(4, unit.row_tokens[i]);
    insert.exec();
    insert.reset();
  }
}

void insert_responses(SQLite::Database& database, int64_t id, const UnitRecord& unit) {
  SQLite::Statement insert(database,
                           "INSERT INTO responses (unit, direction, epsilon, kl, kl_reverse, js, top1_flips, "
                           "delta_logprob, kl_rows, kl_standard_error, kl_rows_standard_error, "
                           "total_variation, entropy_change, kl_own_row, kl_after, cosine, null_direction, "
                           "kl_reverse_rows, js_rows, delta_logprob_rows, total_variation_rows, "
                           "entropy_change_rows, top1_flip_rows) "
                           "VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)");
  for (const ResponseRecord& response : unit.responses) {
    insert.bind(1, id);
    insert.bind(2, response.direction);
    insert.bind(3, response.epsilon);
    insert.bind(4, response.kl);
    insert.bind(5, response.kl_reverse);
    insert.bind(6, response.js);
    insert.bind(7, response.top1_flips);
    bind_optional(insert, 8, response.delta_logprob);
    bind_values(insert, 9, response.kl_rows);
    bind_optional(insert, 10, response.kl_standard_error);
    if (response.kl_standard_error) {
      bind_values(insert, 11, response.kl_rows_standard_error);
    } else {
      insert.bind(11);  // NULL
    }
    insert.bind(12, response.total_variation);
    insert.bind(13, response.entropy_change);
    bind_optional(insert, 14, response.kl_own_row);
    bind_optional(insert, 15, response.kl_after);
    bind_optional(insert, 16, response.cosine);
    insert.bind(17, response.set == DirectionSet::kNull ? 1 : 0);
    bind_values(insert, 18, response.by_row.kl_reverse);
    bind_values(insert, 19, response.by_row.js);
    bind_values(insert, 20, response.by_row.delta_logprob);
    bind_values(insert, 21, response.by_row.total_variation);
    bind_values(insert, 22, response.by_row.entropy_change);
    bind_values(insert, 23, response.by_row.top1_flip);
    insert.exec();
    insert.reset();
  }
}

// Layers, directions and tokens: what does not fit was not written by tugline.
int32_t int32_of(const SQLite::Column& column) {
  const int64_t value = column.getInt64();
  if (value != static_cast<int32_t>(value)) {
    fail(ErrorCode::kInput, "column {} of the run store has {}, expected a number of 32 bits",
         column.getName(), value);
  }
  return static_cast<int32_t>(value);
}

// How many readout rows a unit has.
size_t readout_size(SQLite::Database& database, int64_t unit) {
  SQLite::Statement count(database, "SELECT COUNT(*) FROM readout_rows WHERE unit = ?");
  count.bind(1, unit);
  count.executeStep();
  return static_cast<size_t>(count.getColumn(0).getInt64());
}

// The values of a response's BLOB columns: one for each of the unit's readout rows.
class RowBlobs {
 public:
  RowBlobs(size_t rows, int64_t unit, const std::filesystem::path& path)
      : rows_(rows), unit_(unit), path_(path) {}

  template <typename T>
  [[nodiscard]] std::vector<T> values(const SQLite::Column& column) const {
    const auto bytes = static_cast<size_t>(column.getBytes());
    if (bytes != rows_ * sizeof(T)) {
      fail(ErrorCode::kInput, "{}: responses.{} of unit {} has {} bytes, expected {}: {} for each of {} rows",
           path_.string(), column.getName(), unit_, bytes, rows_ * sizeof(T), sizeof(T), rows_);
    }
    return from_blob<T>(column.getBlob(), bytes);
  }

 private:
  size_t rows_;
  int64_t unit_;
  const std::filesystem::path& path_;
};

// From four columns, of which `first` is the first.
UnitKey key_of_row(SQLite::Statement& row, int first) {
  return {.example = row.getColumn(first).getInt64(),
          .span_kind = row.getColumn(first + 1).getString(),
          .chunk = row.getColumn(first + 2).getInt64(),
          .layer = int32_of(row.getColumn(first + 3))};
}

UnitRecord unit_of_row(SQLite::Statement& row) {
  UnitRecord unit;
  unit.key = key_of_row(row, 1);
  unit.span = {row.getColumn(5).getInt64(), row.getColumn(6).getInt64()};
  unit.span_text = row.getColumn(7).getString();
  unit.position = row.getColumn(8).getInt64();
  unit.rms = row.getColumn(9).getDouble();
  unit.note = row.getColumn(10).getString();
  unit.seconds = row.getColumn(11).getDouble();
  unit.audited = row.getColumn(12).getInt64();
  unit.audit_disagreement = optional_double(row.getColumn(13));
  unit.sink = row.getColumn(14).getInt() != 0;
  return unit;
}

bool has_rows(const RowMeasures& measures, size_t rows) {
  return measures.kl_reverse.size() == rows && measures.js.size() == rows &&
         measures.delta_logprob.size() == rows && measures.total_variation.size() == rows &&
         measures.entropy_change.size() == rows && measures.top1_flip.size() == rows;
}

void check_finite(double value, const char* name, const std::string& where) {
  if (!std::isfinite(value)) {
    fail(ErrorCode::kInput,
         "{}: {} is {}, expected a finite number; is epsilon too large, or a weight not finite?", where, name,
         value);
  }
}

}  // namespace

std::string described(const UnitKey& key) {
  return fmt::format("example {}, {}, chunk {}, layer {}", key.example, key.span_kind, key.chunk, key.layer);
}

void check_storable(const UnitRecord& unit, const std::filesystem::path& path) {
  const std::string where = fmt::format("{}: {}", path.string(), described(unit.key));
  if (unit.row_tokens.size() != unit.rows.size()) {
    throw std::logic_error(where + ": readout rows and their tokens do not number the same");
  }
  check_finite(unit.rms, "rms", where);
  check_finite(unit.seconds, "seconds", where);
  check_finite(unit.audit_disagreement.value_or(0), "audit_disagreement", where);
  for (const ResponseRecord& response : unit.responses) {
    if (response.kl_rows.size() != unit.rows.size()) {
      throw std::logic_error(where + ": a response does not have one value a readout row");
    }
    if (!has_rows(response.by_row, unit.rows.size())) {
      throw std::logic_error(where + ": a response's measures and readout rows do not number the same");
    }
    if (response.kl_rows_standard_error.size() != (response.kl_standard_error ? unit.rows.size() : 0)) {
      throw std::logic_error(where +
                             ": a response's standard errors and readout rows do not number the same");
    }
    const std::string push =
        fmt::format("{}, direction {}, epsilon {}", where, response.direction, response.epsilon);
    check_finite(response.epsilon, "epsilon", push);
    check_finite(response.kl, "kl", push);
    check_finite(response.kl_reverse, "kl_reverse", push);
    check_finite(response.js, "js", push);
    check_finite(response.top1_flips, "top1_flips", push);
    check_finite(response.delta_logprob.value_or(0), "delta_logprob", push);
    check_finite(response.cosine.value_or(0), "cosine", push);
    for (const double kl : response.kl_rows) {
      check_finite(kl, "kl of a row", push);
    }
    check_finite(response.total_variation, "total_variation", push);
    check_finite(response.entropy_change, "entropy_change", push);
    check_finite(response.kl_standard_error.value_or(0), "kl_standard_error", push);
    for (const double error : response.kl_rows_standard_error) {
      check_finite(error, "kl_standard_error of a row", push);
    }
    for (size_t i = 0; i < unit.rows.size(); ++i) {
      check_finite(response.by_row.kl_reverse[i], "kl_reverse of a row", push);
      check_finite(response.by_row.js[i], "js of a row", push);
      check_finite(response.by_row.delta_logprob[i], "delta_logprob of a row", push);
      check_finite(response.by_row.total_variation[i], "total_variation of a row", push);
      check_finite(response.by_row.entropy_change[i], "entropy_change of a row", push);
    }
  }
}

void insert_unit(SQLite::Database& database, int64_t session, const UnitRecord& unit) {
  insert_unit_row(database, session, unit);
  const int64_t id = database.getLastInsertRowid();
  insert_readout(database, id, unit);
  insert_responses(database, id, unit);
  note_unit(database, id);
}

std::optional<int64_t> find_unit(SQLite::Database& database, const UnitKey& key,
                                 const std::filesystem::path& path) {
  SQLite::Statement select(
      database, "SELECT unit FROM units WHERE example = ? AND span_kind = ? AND chunk = ? AND layer = ?");
  select.bind(1, key.example);
  select.bind(2, key.span_kind);
  select.bind(3, key.chunk);
  select.bind(4, key.layer);
  if (!select.executeStep()) {
    return std::nullopt;
  }
  const int64_t unit = select.getColumn(0).getInt64();
  // The index said so; the checksums are of the rows.
  SQLite::Statement row(database,
                        "SELECT example, span_kind, chunk, layer FROM units NOT INDEXED WHERE unit = ?");
  row.bind(1, unit);
  if (!row.executeStep() || key_of_row(row, 0) != key) {
    fail(ErrorCode::kInput,
         "{}: the index of units is damaged: it has unit {} as {}; restore a copy or measure again",
         path.string(), unit, described(key));
  }
  return unit;
}

std::vector<UnitKey> read_unit_keys(SQLite::Database& database) {
  std::vector<UnitKey> keys;
  SQLite::Statement select(database,
                           "SELECT example, span_kind, chunk, layer FROM units NOT INDEXED ORDER BY example, "
                           "span_kind, chunk, layer");
  while (select.executeStep()) {
    keys.push_back(key_of_row(select, 0));
  }
  return keys;
}

std::map<UnitKey, size_t> read_unit_sessions(SQLite::Database& database) {
  std::map<UnitKey, size_t> sessions;
  SQLite::Statement select(
      database,
      "SELECT (SELECT COUNT(*) FROM sessions WHERE sessions.session < units.session), example, span_kind, "
      "chunk, layer FROM units NOT INDEXED");
  while (select.executeStep()) {
    sessions[key_of_row(select, 1)] = static_cast<size_t>(select.getColumn(0).getInt64());
  }
  return sessions;
}

std::vector<UnitRecord> read_units(SQLite::Database& database, const std::filesystem::path& path) {
  SQLite::Statement select(
      database,
      "SELECT unit, example, span_kind, chunk, layer, span_begin, span_end, span_text, position, "
      "rms, note, seconds, audited, audit_disagreement, sink FROM units NOT INDEXED ORDER BY example, "
      "span_kind, chunk, "
      "layer");
  SQLite::Statement readout(database,
                            "SELECT position, token FROM readout_rows WHERE unit = ? ORDER BY ordinal");
  std::vector<UnitRecord> units;
  while (select.executeStep()) {
    check_unit(path, database, select.getColumn(0).getInt64());
    UnitRecord unit = unit_of_row(select);
    readout.bind(1, select.getColumn(0).getInt64());
    while (readout.executeStep()) {
      unit.rows.push_back(readout.getColumn(0).getInt64());
      unit.row_tokens.push_back(int32_of(readout.getColumn(1)));
    }
    readout.reset();
    units.push_back(std::move(unit));
  }
  return units;
}

std::vector<ResponseRecord> read_responses(SQLite::Database& database, int64_t unit,
                                           const std::filesystem::path& path) {
  SQLite::Statement select(
      database,
      "SELECT direction, epsilon, kl, kl_reverse, js, top1_flips, delta_logprob, kl_rows, "
      "kl_standard_error, kl_rows_standard_error, total_variation, entropy_change, kl_own_row, kl_after, "
      "cosine, null_direction, kl_reverse_rows, js_rows, delta_logprob_rows, total_variation_rows, "
      "entropy_change_rows, top1_flip_rows "
      "FROM responses WHERE unit = ? ORDER BY direction, epsilon");
  check_responses(path, database, unit);
  select.bind(1, unit);
  std::vector<ResponseRecord> responses;
  const RowBlobs blobs(readout_size(database, unit), unit, path);
  while (select.executeStep()) {
    ResponseRecord response{
        .direction = int32_of(select.getColumn(0)),
        .epsilon = select.getColumn(1).getDouble(),
        .kl = select.getColumn(2).getDouble(),
        .kl_reverse = select.getColumn(3).getDouble(),
        .js = select.getColumn(4).getDouble(),
        .top1_flips = select.getColumn(5).getDouble(),
        .delta_logprob = optional_double(select.getColumn(6)),
        .kl_rows = blobs.values<double>(select.getColumn(7)),
        .by_row = {.kl_reverse = blobs.values<float>(select.getColumn(16)),
                   .js = blobs.values<float>(select.getColumn(17)),
                   .delta_logprob = blobs.values<float>(select.getColumn(18)),
                   .total_variation = blobs.values<float>(select.getColumn(19)),
                   .entropy_change = blobs.values<float>(select.getColumn(20)),
                   .top1_flip = blobs.values<uint8_t>(select.getColumn(21))},
        .kl_standard_error = optional_double(select.getColumn(8)),
        .total_variation = select.getColumn(10).getDouble(),
        .entropy_change = select.getColumn(11).getDouble(),
        .kl_own_row = optional_double(select.getColumn(12)),
        .kl_after = optional_double(select.getColumn(13)),
        .cosine = optional_double(select.getColumn(14)),
        .set = select.getColumn(15).getInt() != 0 ? DirectionSet::kNull : DirectionSet::kMain};
    if (response.kl_standard_error) {
      response.kl_rows_standard_error = blobs.values<double>(select.getColumn(9));
    }
    responses.push_back(std::move(response));
  }
  return responses;
}

}  // namespace tugline
