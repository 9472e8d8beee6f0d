#include "tugline/cli/data_arguments.h"

#include <spdlog/spdlog.h>

#include "tugline/core/content_hash.h"
#include "tugline/files/mapped_file.h"

namespace tugline {

void add_field_option(CLI::App& command, DataArguments& arguments) {
  command
      .add_option("--field", arguments.fields,
                  "Read FIELD of the data as NAME: cot=reasoning; a NAME that is not one of the format's "
                  "makes a metric. "
                  "Repeatable")
      ->type_name("NAME=FIELD")
      ->delimiter(',')
      ->take_all();
}

Dataset load_data(const DataArguments& arguments) {
  Dataset dataset = load_dataset(arguments.path, parse_field_names(arguments.fields));
  for (const std::string& warning : dataset.warnings) spdlog::warn("{}", warning);
  return dataset;
}

uint64_t hash_of_data(const DataArguments& arguments) {
  const uint64_t bytes = hash_bytes(MappedFile::open(arguments.path).bytes());
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
