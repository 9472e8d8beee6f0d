// The run store's schema, and the marks that a file of ours bears.
#pragma once

#include <string>

namespace tugline {

extern const char* const kSchemaText;  // schema.sql, embedded when the library is built

// The statements that make an empty store: schema.sql with the columns of the measures.
[[nodiscard]] std::string schema_sql();

// schema.sql sets both; a test checks that the values are the same.
inline constexpr int kApplicationId = 0x54756744;  // "TugD" in the file's header
inline constexpr int kSchemaVersion = 14;

}  // namespace tugline
