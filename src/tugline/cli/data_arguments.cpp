#include "tugline/cli/data_arguments.h"

#include "tugline/api/sweep_job.h"
#include "tugline/cli/session.h"

namespace tugline {
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

DataSource data_source(const DataArguments& arguments) {
  DataSource data{.path = arguments.path, .fields = parse_field_names(arguments.fields)};
  if (arguments.path != "-") return data;
  data.path = "standard input";
  data.text = standard_input();
  return data;
}

Dataset load_data(const DataArguments& arguments) {
  return load_data(data_source(arguments), watch_on_stderr());
}

}  // namespace tugline
