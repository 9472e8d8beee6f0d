#include "tugline/cli/number_options.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <functional>
#include <optional>
#include <string>

namespace tugline {
namespace {

template <typename Number>
std::optional<Number> decimal(const std::string& text) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || text.empty()) return std::nullopt;
  return number;
}

std::string shortened(const std::string& text) {
  return text.size() > 80 ? text.substr(0, 80) + "..." : text;
}

// `what` stands in messages and in the help.
CLI::Validator number_that(const std::string& what, const std::function<bool(double)>& is_right) {
  const auto refusal = [what, is_right](std::string& text) {
    const std::optional<double> number = decimal<double>(text);
    if (number && std::isfinite(*number) && is_right(*number)) return std::string();
    return fmt::format("'{}' is not {}", shortened(text), what);
  };
  return {refusal, what};
}

}  // namespace

CLI::Validator integer_from(int64_t least, int64_t most) {
  const std::string range = fmt::format("{} to {}", least, most);
  const auto refusal = [=](std::string& text) {
    const std::optional<int64_t> number = decimal<int64_t>(text);
    if (number && *number >= least && *number <= most) return std::string();
    return fmt::format("'{}' is not an integer from {}", shortened(text), range);
  };
  return {refusal, range};
}

CLI::Validator seed_number() {
  const std::string range = "0 to 2^64 - 1";
  const auto refusal = [range](std::string& text) {
    return decimal<uint64_t>(text) ? std::string()
                                   : fmt::format("'{}' is not an integer from {}", shortened(text), range);
  };
  return {refusal, range};
}

CLI::Validator number_from(double least, double most) {
  return number_that(fmt::format("a number from {} to {}", least, most),
                     [=](double number) { return number >= least && number <= most; });
}

CLI::Validator finite_number() {
  return number_that("a finite number", [](double) { return true; });
}

CLI::Validator positive_number() {
  return number_that("a finite number above 0", [](double number) { return number > 0; });
}

std::string trimmed_text(const std::string& text) { return CLI::detail::trim_copy(text); }

}  // namespace tugline
