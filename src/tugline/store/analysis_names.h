// The tables of an analysis, which the store keeps as "analysis_NAME" (docs/store.md). No other tables may be
// in a store besides the schema's.
#pragma once

#include <array>
#include <string_view>

namespace tugline::table {

inline constexpr const char* kSettings = "settings";
inline constexpr const char* kMeans = "means";
inline constexpr const char* kShapes = "shapes";
inline constexpr const char* kSpans = "spans";
inline constexpr const char* kContrasts = "contrasts";
inline constexpr const char* kNullContrasts = "null_contrasts";
inline constexpr const char* kVariance = "variance";
inline constexpr const char* kDirectionErrors = "direction_errors";
inline constexpr const char* kCorrelations = "correlations";
inline constexpr const char* kLengthContrasts = "length_contrasts";
inline constexpr const char* kDirectionsNeeded = "directions_needed";
inline constexpr const char* kAnswers = "answers";

inline constexpr std::array<std::string_view, 12> kAll = {
    kSettings, kMeans,           kShapes,       kSpans,           kContrasts,        kNullContrasts,
    kVariance, kDirectionErrors, kCorrelations, kLengthContrasts, kDirectionsNeeded, kAnswers};

}  // namespace tugline::table
