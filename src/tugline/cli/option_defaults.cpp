#include "tugline/cli/option_defaults.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <set>
#include <sstream>

#include "tugline/core/error.h"
#include "tugline/core/suggestion.h"
#include "tugline/core/whole_file.h"

namespace tugline {
namespace {

// TOML forbids it, and the parser would join the values.
void check_no_name_twice(const std::string& toml, const std::filesystem::path& path) {
  std::set<std::string> names;
  std::istringstream lines(toml);
  for (std::string line; std::getline(lines, line);) {
    const size_t equals = line.find('=');
    const std::string name = CLI::detail::trim_copy(line.substr(0, equals == std::string::npos ? 0 : equals));
    if (name.empty() || name.front() == '#') continue;
    if (!names.insert(name).second)
      fail(ErrorCode::kInput, "{}: '{}' is given twice; keep one of them", path.string(), name);
  }
}

CLI::Option& find_option(CLI::App& command, const std::string& name, const std::string& source) {
  CLI::Option* option = command.get_option_no_throw("--" + name);
  if (option == nullptr || name == "config" || name == "help") {
    std::vector<std::string> known;
    for (const CLI::Option* other : command.get_options())
      known.insert(known.end(), other->get_lnames().begin(), other->get_lnames().end());
    fail(ErrorCode::kUsage, "{}: '{}' is not an option of {}{} (tugline {} --help lists them)", source, name,
         command.get_name(), suggestion_for(name, known), command.get_name());
  }
  return *option;
}

bool excludes_any(const CLI::Option& option, const std::set<const CLI::Option*>& given) {
  const auto excluded = option.get_excludes();
  return std::any_of(excluded.begin(), excluded.end(),
                     [&](const CLI::Option* other) { return given.count(other) > 0; });
}

void give(CLI::Option& option, const std::string& value, const std::string& source) {
  option.add_result(value);
  try {
    option.run_callback();
  } catch (const CLI::ParseError& e) {
    fail(ErrorCode::kUsage, "{}: {}", source, e.what());
  }
}

}  // namespace

OptionValues read_option_file(const std::filesystem::path& path) {
  std::istringstream text(read_whole_file(path, "--config: " + path.string()));
  check_no_name_twice(text.str(), path);
  OptionValues values;
  try {
    for (const CLI::ConfigItem& item : CLI::ConfigTOML().from_config(text)) {
      if (!item.parents.empty())
        fail(ErrorCode::kInput,
             "{}: the section [{}] is not expected; write options at the top level, such as layers = "
             "\"20,22\"",
             path.string(), fmt::join(item.parents, "."));
      values.emplace_back(item.name, fmt::format("{}", fmt::join(item.inputs, ",")));
    }
  } catch (const CLI::Error& e) {
    fail(ErrorCode::kInput, "{}: {}", path.string(), e.what());
  }
  return values;
}

void apply_option_values(CLI::App& command, const OptionValues& values, const std::string& source) {
  std::set<const CLI::Option*> before;
  for (const CLI::Option* option : command.get_options())
    if (option->count() > 0) before.insert(option);
  std::set<const CLI::Option*> now;
  for (const auto& [name, value] : values) {
    CLI::Option& option = find_option(command, name, source);
    if (!now.insert(&option).second)
      fail(ErrorCode::kUsage, "{}: '{}' is given twice; keep one of them", source, name);
    if (excludes_any(option, now))
      fail(ErrorCode::kUsage, "{}: '{}' cannot be combined with another option that is given", source, name);
    if (before.count(&option) == 0 && !excludes_any(option, before)) give(option, value, source);
  }
}

}  // namespace tugline
