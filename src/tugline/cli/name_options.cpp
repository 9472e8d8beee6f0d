#include "tugline/cli/name_options.h"

#include <fmt/ranges.h>

#include <algorithm>

#include "tugline/core/error.h"
#include "tugline/core/excerpt.h"
#include "tugline/core/suggestion.h"

namespace tugline {
namespace {

std::string listed(const std::vector<std::string>& names) {
  return fmt::format("{{{}}}", fmt::join(names, ","));
}

}  // namespace

CLI::Validator one_of(std::vector<std::string> names) {
  const std::string list = listed(names);
  return {[names = std::move(names)](std::string& text) {
            if (std::find(names.begin(), names.end(), text) != names.end()) return std::string();
            return fmt::format("'{}' is not one of {}{}", excerpt(text, 40), fmt::join(names, ", "),
                               suggestion_for(text, names));
          },
          list};
}

CLI::Validator accepted_by(std::vector<std::string> names, std::function<void(const std::string&)> read) {
  return {[read = std::move(read)](std::string& text) {
            try {
              read(text);
              return std::string();
            } catch (const Error& e) {
              return std::string(e.message());
            }
          },
          listed(names)};
}

}  // namespace tugline
