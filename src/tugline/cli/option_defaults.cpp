#include "tugline/cli/option_defaults.h"

#include <fmt/ranges.h>

#include <fstream>

#include "tugline/core/error.h"

namespace tugline {

OptionValues read_option_file(const std::filesystem::path& path) {
  std::ifstream file(path);
  if (!file) fail(ErrorCode::kNotFound, "--config: {} cannot be opened", path.string());
  OptionValues values;
  for (const CLI::ConfigItem& item : CLI::ConfigTOML().from_config(file)) {
    if (!item.parents.empty())
      fail(ErrorCode::kInput, "{}: the section [{}] is not expected; write options at the top level, such as layers = \"20,22\"",
           path.string(), fmt::join(item.parents, "."));
    values.emplace_back(item.name, fmt::format("{}", fmt::join(item.inputs, ",")));
  }
  return values;
}

void apply_option_values(CLI::App& command, const OptionValues& values, const std::string& source) {
  for (const auto& [name, value] : values) {
    CLI::Option* option = command.get_option_no_throw("--" + name);
    if (option == nullptr || name == "config" || name == "help")
      fail(ErrorCode::kUsage, "{}: '{}' is not an option of {}; see tugline {} --help", source, name, command.get_name(),
           command.get_name());
    if (option->count() > 0) continue;
    option->add_result(value);
    try {
      option->run_callback();
    } catch (const CLI::ParseError& e) {
      fail(ErrorCode::kUsage, "{}: {}", source, e.what());
    }
  }
}

}  // namespace tugline
