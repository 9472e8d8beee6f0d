#include "tugline/cli/data_arguments.h"

#include <spdlog/spdlog.h>

#include <filesystem>
#include <span>

#include "tugline/cli/session.h"
#include "tugline/core/content_hash.h"
#include "tugline/files/mapped_file.h"

namespace tugline {
namespace {

constexpr const char* kStandardInput = "standard input";

bool is_standard_input(const DataArguments& arguments) { return arguments.path == "-"; }

}  // namespace

void add_field_option(CLI::App& command, DataArguments& arguments) {
  command
      .add_option(
          "--field", arguments.fields,
          "Read the data's FIELD as NAME, such as cot=reasoning. A NAME that the format does not have "
          "becomes a metric. Repeatable")
      ->type_name("NAME=FIELD")
      ->delimiter(',')
      ->take_all();
}

Dataset load_data(const DataArguments& arguments) {
  const FieldNames names = parse_field_names(arguments.fields);
  Dataset dataset = is_standard_input(arguments) ? parse_dataset(standard_input(), kStandardInput, names)
                                                 : load_dataset(arguments.path, names);
  for (const std::string& warning : dataset.warnings) spdlog::warn("{}", warning);
  return dataset;
}

std::string data_name(const DataArguments& arguments) {
  return is_standard_input(arguments) ? kStandardInput
                                      : std::filesystem::path(arguments.path).filename().string();
}

uint64_t hash_of_data(const DataArguments& arguments) {
  const uint64_t bytes = is_standard_input(arguments) ? hash_bytes(std::as_bytes(std::span(standard_input())))
                                                      : hash_bytes(MappedFile::open(arguments.path).bytes());
  const FieldNames names = parse_field_names(arguments.fields);
  if (names.empty()) return bytes;
  ContentHash hash;
  hash.add_number(bytes);
  for (const auto& [name, field] : names) {
    hash.add_text(name);
    hash.add_text(field);
  }
  return hash.value();
}

}  // namespace tugline
