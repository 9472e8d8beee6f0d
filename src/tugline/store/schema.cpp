#include "tugline/store/schema.h"

#include <fmt/format.h>

#include <stdexcept>

#include "tugline/core/measures.h"

namespace tugline {
namespace {

std::string measure_columns() {
  std::string columns;
  for (const Measure& measure : kMeasures)
    if (measure.has_mean())
      columns +=
          fmt::format("{} REAL{}, ", measure.name, measure.rows == RowsWithValue::kAll ? " NOT NULL" : "");
  return columns;
}

std::string audit_columns() {
  std::string columns;
  for (const Measure& measure : kMeasures) columns += measure.audit_column() + " REAL, ";
  return columns;
}

void replace_once(std::string& text, const std::string& mark, const std::string& by) {
  const size_t at = text.find(mark);
  if (at == std::string::npos) throw std::logic_error("schema.sql lacks " + mark);
  text.replace(at, mark.size(), by);
}

}  // namespace

std::string schema_sql() {
  std::string sql = kSchemaText;
  replace_once(sql, "/* audits */", audit_columns());
  replace_once(sql, "/* measures */", measure_columns());
  return sql;
}

}  // namespace tugline
