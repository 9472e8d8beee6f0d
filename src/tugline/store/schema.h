// The run store's schema, embedded from schema.sql when the library is built, and the marks that a file of
// ours bears.
#pragma once

namespace tugline {

extern const char* const kSchemaSql;

// Both are set by schema.sql; a test holds the two to the same values.
inline constexpr int kApplicationId = 0x54756744;  // "TugD" in the file's header
inline constexpr int kSchemaVersion = 9;

}  // namespace tugline
